import process from 'node:process';
import { Worker } from 'node:worker_threads';

import type { Board } from './board.ts';
import type { WorkerMessage, WorkerTask } from './messages.ts';

/** How a worker ended. */
export type WorkerEnd =
  | { readonly type: 'done' }
  /** A run did not end within its limit: the worker was stopped. */
  | { readonly type: 'hang' }
  /** `isLoaded`: whether the model was there. */
  | { readonly type: 'error'; readonly error: unknown; readonly isLoaded: boolean };

/** How often the board is looked at, in ms, at most. */
const longestLook = 250;

/**
 * Runs a worker to its end, and stops it if one of its runs takes longer than `limit` ms: a loop
 * without end can only be seen from outside. `onMessage` answers to a failure.
 */
export function runWatched(
  task: WorkerTask,
  board: Board,
  limit: number,
  onMessage: (message: WorkerMessage) => boolean | undefined,
): Promise<WorkerEnd> {
  const worker = new Worker(new URL(import.meta.resolve('@reprise/simulation/worker')), {
    workerData: task,
  });
  return new Promise((resolve) => {
    let end: WorkerEnd | undefined;
    let stopWatching: (() => void) | undefined;
    worker.on('message', (message: WorkerMessage) => {
      if (message.type === 'loaded') {
        stopWatching = watch(task.index, board, limit, () => {
          end = { type: 'hang' };
          void worker.terminate();
        });
      }
      if (message.type === 'done') {
        end = { type: 'done' };
        // The program may have left something open, which would keep the worker.
        void worker.terminate();
      }
      const answer = onMessage(message);
      if (answer !== undefined) {
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker, no window
        worker.postMessage(answer);
      }
    });
    worker.on('error', (error) => {
      end = { type: 'error', error, isLoaded: stopWatching !== undefined };
    });
    worker.on('exit', () => {
      stopWatching?.();
      resolve(end ?? { type: 'error', error: exitError(), isLoaded: stopWatching !== undefined });
    });
  });
}

/** Calls back when the worker has begun no run for `limit` ms. */
function watch(index: number, board: Board, limit: number, onHang: () => void): () => void {
  let runs = board.runs(index);
  let since = timesNow();
  const timer = setInterval(
    () => {
      if (runs !== board.runs(index)) {
        runs = board.runs(index);
        since = timesNow();
      } else if (isOver(since, limit)) {
        clearInterval(timer);
        onHang();
      }
    },
    Math.min(longestLook, limit / 4),
  );
  return () => {
    clearInterval(timer);
  };
}

/** In ms. */
interface Times {
  readonly wall: number;
  /** The time of the processor that this process has used, with all its threads. */
  readonly used: number;
}

function timesNow(): Times {
  const { user, system } = process.cpuUsage();
  return { wall: performance.now(), used: (user + system) / 1000 };
}

/**
 * On a machine that is very busy a short run can take a minute: the process has to have used the
 * time, too. A run that waits for something uses none, and has ten times as long.
 */
function isOver(since: Times, limit: number): boolean {
  const now = timesNow();
  const waited = now.wall - since.wall;
  return waited >= limit && (now.used - since.used >= limit || waited >= 10 * limit);
}

function exitError(): Error {
  return new Error('Expected the program to leave its process running, got `process.exit`');
}
