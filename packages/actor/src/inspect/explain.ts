import { isA } from '../brand.ts';
import { describe } from '../describe.ts';
import { type Cell, cellOf, pidAndLabel } from '../process/cell.ts';
import { unwrap } from '../process/envelope.ts';
import { ExitError } from '../process/exit-error.ts';
import { noproc } from '../process/exit-reason.ts';
import type { Pid } from '../process/pid.ts';
import { TimedMailbox } from '../process/timed-mailbox.ts';
import type { Hook } from '../server/debug.ts';
import { ServerProcess } from '../server/server-process.ts';
import { addHook, removeHook } from '../sys/debug.ts';
import { type InHand, inHandOf } from './in-hand.ts';
import { type ExplainedMessage, MessageTimes } from './message-times.ts';
import { shownFor } from './shown.ts';

export type { ExplainedMessage } from './message-times.ts';

/** The view of one process, until `stop`. */
export interface Explanation {
  readonly inHand: InHand | undefined;
  /** The newest messages, the newest last. */
  readonly messages: readonly ExplainedMessage[];
  /** The process is as it was before. So it is when it ends. */
  stop(): void;
}

/**
 * Keeps, from now on, the times of the newest `count` messages of one process: how long each waits,
 * how long its callback takes, and its outcome. It works on a stuck process, which need not answer;
 * other processes pay nothing. The order of messages and the bound of the mailbox stay as they are.
 * @throws ExitError `noproc` when the process has ended
 * @throws TypeError for anything but a pid; RangeError unless `count` is a whole number from 1 on
 * @throws Error for a process that is explained already
 * @example
 * ```ts
 * import { GenServer, noreply, ok } from '@reprise/actor';
 * import { explain } from '@reprise/actor/inspect';
 * import { createTestSystem, settle } from '@reprise/actor/testing';
 *
 * const counter = GenServer.define({
 *   init: () => ok(0),
 *   handleCast: { add: (by: number, count) => noreply(count + by) },
 * });
 * const system = createTestSystem();
 * const pid = await GenServer.start(system, counter, undefined);
 * const explanation = explain(pid, 10);
 * GenServer.cast(pid, 'add', 2);
 * await settle(system);
 * console.log(explanation.messages);
 * // [ { message: { cast: 'add', payload: 2 }, outcome: 'done', at: 0, waited: 0, took: 0 } ]
 * explanation.stop();
 * ```
 */
export function explain(pid: Pid, count: number): Explanation {
  const cell = cellOf(pid);
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new RangeError(
      `Expected the count of messages to be a whole number from 1 on, got ${describe(count)}`,
    );
  }
  if (!cell.isAlive) {
    throw new ExitError(noproc, `explain of ${pidAndLabel(cell)}`);
  }
  if (isA(cell.mailbox, TimedMailbox)) {
    throw new Error(`Expected a process that is not explained yet, got ${pidAndLabel(cell)}`);
  }
  return new Explained(cell, count);
}

class Explained implements Explanation {
  readonly #cell: Cell;
  readonly #times: MessageTimes;
  readonly #mailbox: TimedMailbox;
  readonly #hook: Hook<undefined>;
  readonly #forget: () => void;

  constructor(cell: Cell, count: number) {
    this.#cell = cell;
    this.#times = new MessageTimes(cell.runtime.clock, count);
    const { mailbox } = cell;
    for (let at = Math.max(0, mailbox.length - count); at < mailbox.length; at++) {
      this.#times.came(mailbox.at(at));
    }
    this.#mailbox = new TimedMailbox(mailbox as TimedMailbox['inner'], this.#times);
    cell.mailbox = this.#mailbox;
    this.#hook = (_state, { type }) => {
      if (type === 'out' || type === 'noreply') {
        this.#times.done();
      }
      return undefined;
    };
    if (isA(cell, ServerProcess)) {
      addHook(cell, this.#hook, undefined);
    }
    this.#forget = cell.onEnd(() => {
      this.#times.ended();
      this.stop();
    });
  }

  get inHand(): InHand | undefined {
    return inHandOf(this.#cell);
  }

  get messages(): readonly ExplainedMessage[] {
    return this.#times.list().map(({ message, ...times }) => ({
      message: shownFor(this.#cell, unwrap(message)),
      ...times,
    }));
  }

  stop(): void {
    const cell = this.#cell;
    this.#forget();
    if (cell.mailbox === this.#mailbox) {
      cell.mailbox = this.#mailbox.inner;
      if (isA(cell, ServerProcess)) {
        removeHook(cell, this.#hook);
      }
    }
  }
}
