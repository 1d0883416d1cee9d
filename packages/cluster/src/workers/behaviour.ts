import {
  crash,
  GenServer,
  loggerOf,
  noreply,
  type NoReply,
  ok,
  type Ok,
  type Pid,
  type Process,
  send,
  type Stop,
  stop,
  trapExit,
} from '@reprise/actor';

import { textOf } from '../shown.ts';
import { bury } from './burial.ts';
import type { WorkersSettings } from './options.ts';
import { type ProcessEnd, WorkerProcess } from './worker-process.ts';

/** The argument of the server of a worker. */
export interface WorkerArg {
  readonly settings: WorkersSettings;
  /** The first worker is 1. */
  readonly number: number;
}

interface Worker extends WorkerArg {
  readonly process: WorkerProcess;
}

interface Ended {
  readonly type: 'ended';
  readonly end: ProcessEnd;
}

/** The server of a worker: as long as it runs, so does the process, and the other way round. */
export const workerBehaviour: GenServer.Behaviour<
  WorkerArg,
  Worker,
  undefined,
  undefined,
  Ended,
  never,
  Ok<Worker>
> = GenServer.define({
  init: async ({ settings, number }: WorkerArg, self: Process) => {
    // To end the process in order when the tree stops.
    trapExit(self, true);
    const process = new WorkerProcess(settings, number);
    self.signal.addEventListener('abort', () => {
      process.kill();
    });
    await process.started();
    void process.whenEnded.then((end) => {
      send(self.pid as Pid<Ended>, { type: 'ended', end });
    });
    return ok({ settings, number, process });
  },
  handleInfo: async (message: Ended, worker, self): Promise<NoReply<Worker> | Stop<Worker>> => {
    if (message.type !== 'ended') {
      return noreply(worker);
    }
    await buryNodes(worker, self);
    const { number, process } = worker;
    return stop(
      crash(
        new Error(
          `Expected worker ${number} to run on, got the end of process ${process.pid}: ${message.end}`,
        ),
      ),
      worker,
    );
  },
  terminate: async (_reason, worker, self) => {
    const { settings, number, process } = worker;
    const limit = settings.shutdown === 'brutalKill' ? 0 : settings.shutdown;
    const { isKilled } = await process.stop(limit, self.system.clock);
    if (isKilled) {
      const { pid } = process;
      loggerOf(self).warn(
        { worker: number, pid },
        `cluster: worker ${number}, process ${pid}, has not ended within ${limit} ms of SIGTERM, and was killed`,
      );
      await buryNodes(worker, self);
    }
  },
  formatStatus: ({ number, process }) => ({ worker: number, pid: process.pid }),
});

/** A store that is away keeps no worker from being replaced: then the leases have to end. */
async function buryNodes({ settings, number, process }: Worker, self: Process): Promise<void> {
  const { store } = settings;
  if (store === undefined) {
    return;
  }
  try {
    await bury(store, process.pid, self.system.clock);
  } catch (err) {
    loggerOf(self).warn(
      { err, worker: number },
      `cluster: the node of worker ${number}, which has died, keeps its lease until its end: ${textOf(err)}`,
    );
  }
}
