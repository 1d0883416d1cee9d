import { type Pid, type Process, send, sendAfter, type TimerRef } from '@reprise/actor';
import { redactedStart } from '@reprise/actor/text';

import type { ServerSentEvent } from '../format/event.ts';
import type { Answered } from './answers.ts';

/**
 * Work for a turn of the client. Connections, timers and request functions send their results
 * through the client's mailbox: the client does one thing at a time, in the order it happened.
 */
export class ClientTask {
  /** Runs in the client's turn. */
  readonly run: () => Answered;
  /** For the report of a crash in this turn, which shows the task as the last message. */
  failed: { readonly event: ServerSentEvent; readonly note: string } | undefined = undefined;

  constructor(run: () => Answered) {
    this.run = run;
  }

  /** The event that it was about, and how to go on after it. */
  toJSON(): unknown {
    if (this.failed === undefined) {
      return undefined;
    }
    const { event, note } = this.failed;
    const { data } = event;
    return { note, data: redactedStart(data, longest) + (data.length > longest ? '…' : '') };
  }
}

/** Any message may be sent to a client, also a proxy that is revoked. */
export function isTask(message: unknown): message is ClientTask {
  try {
    return message instanceof ClientTask;
  } catch {
    return false;
  }
}

/** How much of an event's data is shown, in characters. */
const longest = 500;

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
