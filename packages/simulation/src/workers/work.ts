import { once } from 'node:events';
import type { MessagePort } from 'node:worker_threads';

import { replay } from '../corpus/replay.ts';
import type { TapeFile } from '../corpus/tape-file.ts';
import { modelsIn } from '../load/models-in.ts';
import type { Model } from '../run/model.ts';
import { search } from '../run/search.ts';
import { reportOf } from '../shrink/report-of.ts';
import { Board } from './board.ts';
import type { Work, WorkerMessage, WorkerTask } from './messages.ts';

/** Does the task of a worker, and tells the other thread of it. */
export async function work(task: WorkerTask, port: MessagePort): Promise<void> {
  const tell = (message: WorkerMessage): void => {
    port.postMessage(message);
  };
  const board = new Board(task.board);
  const model = watched(await loadModel(task), board, task.index);
  tell({ type: 'loaded' });
  if (task.work.type === 'replay') {
    await replayAll(model, task.work.tapes, () => board.take(task.index), tell);
    return;
  }
  for await (const { seed, result, failure } of search(model, seedsFrom(task.work, board, task))) {
    const { steps, hash, reached, escapes } = result;
    const figures = { seed, steps, hash, reached: [...reached], escapes };
    const isOnly = task.work.count === 1 && failure === undefined;
    tell({ type: 'seed', figures, trace: isOnly ? result.trace : undefined });
    if (failure !== undefined) {
      tell({ type: 'failed', failure });
      const [isWanted] = (await once(port, 'message')) as [boolean];
      if (isWanted) {
        tell({ type: 'shrunk', report: await reportOf(model, failure) });
      }
    }
  }
}

async function loadModel({ file, model }: WorkerTask): Promise<Model> {
  const found = (await modelsIn(file)).find(({ name }) => name === model);
  if (found === undefined) {
    throw new Error(`Expected ${file} to export the model ${model} each time, got none`);
  }
  return found;
}

/** The other thread sees by the board that a run does not end. */
function watched(model: Model, board: Board, index: number): Model {
  return {
    ...model,
    program: (sim) => {
      board.beginRun(index);
      return model.program(sim);
    },
  };
}

function* seedsFrom(
  { from, count, until }: Work & { readonly type: 'seeds' },
  board: Board,
  { index }: WorkerTask,
): Generator<number, void, undefined> {
  // Each worker runs at least one, however little time there is.
  do {
    const number = board.take(index);
    if (number >= count) {
      return;
    }
    yield from + number;
  } while (performance.timeOrigin + performance.now() < until);
}

async function replayAll(
  model: Model,
  tapes: readonly TapeFile[],
  take: () => number,
  tell: (message: WorkerMessage) => void,
): Promise<void> {
  for (let file = tapes[take()]; file !== undefined; file = tapes[take()]) {
    const { tape, trace } = file.report.failure;
    tell({ type: 'replayed', file, replayed: await replay(model, tape, trace) });
  }
}
