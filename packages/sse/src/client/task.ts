import { type Pid, type Process, send, sendAfter, type TimerRef } from '@reprise/actor';

import type { Answered } from './answers.ts';

/**
 * Work for a turn of the client. Connections, timers and request functions send their results
 * through the client's mailbox: the client does one thing at a time, in the order it happened.
 */
export class ClientTask {
  /** Runs in the client's turn. */
  readonly run: () => Answered;
  /** A note for the report of a crash in this turn, which shows the task as the last message. */
  note: string | undefined = undefined;

  constructor(run: () => Answered) {
    this.run = run;
  }
}

export function post(self: Process, run: () => Answered): ClientTask {
  const task = new ClientTask(run);
  send(inbox(self), task);
  return task;
}

/** The same, `ms` from now. */
export function postAfter(self: Process, ms: number, run: () => Answered): TimerRef {
  return sendAfter(inbox(self), new ClientTask(run), ms);
}

/** The pid as it takes a task, which no type of a behaviour's messages names. */
function inbox({ pid }: Process): Pid<ClientTask> {
  return pid as Pid<ClientTask>;
}
