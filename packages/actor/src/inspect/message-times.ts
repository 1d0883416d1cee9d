import { Queue } from '../collections/queue.ts';
import type { Clock } from '../host/clock.ts';
import type { MessageListener } from '../process/timed-mailbox.ts';

/** One message of a process that is explained. Times are those of the system's clock, in ms. */
export interface ExplainedMessage {
  /** As its sender wrote it, as `shown` gives it. */
  readonly message: unknown;
  /**
   * - `waiting`: in the mailbox.
   * - `inHand`: the process has taken it. A process that is a function may be done with it already:
   *   this shows only when it takes the next one.
   * - `done`: the callback has answered.
   * - `ended`: the process has ended before that.
   * - `dropped`: the mailbox was full, or it was taken out unread.
   */
  readonly outcome: 'waiting' | 'inHand' | 'done' | 'ended' | 'dropped';
  /** When it came. One that was there before `explain` counts from then. */
  readonly at: number;
  /** How long it waited, or has waited so far, in ms. */
  readonly waited: number;
  /** How long the callback took, or has taken; `undefined` while it waits, and if none has run. */
  readonly took: number | undefined;
}

/** An `ExplainedMessage` while it still changes. */
interface Passage {
  readonly message: unknown;
  readonly at: number;
  takenAt: number | undefined;
  overAt: number | undefined;
  outcome: ExplainedMessage['outcome'];
}

/** When the newest messages of one process came, were taken, and were done. */
export class MessageTimes implements MessageListener {
  readonly #clock: Clock;
  readonly #count: number;
  /** The newest of them, the oldest first. */
  readonly #passages: Queue<Passage> = new Queue();
  #current: Passage | undefined = undefined;

  constructor(clock: Clock, count: number) {
    this.#clock = clock;
    this.#count = count;
  }

  came(message: unknown): void {
    if (this.#passages.length === this.#count) {
      this.#passages.shift();
    }
    const at = this.#clock.now();
    this.#passages.push({ message, at, takenAt: undefined, overAt: undefined, outcome: 'waiting' });
  }

  taken(message: unknown): void {
    this.done();
    const passage = this.#oldestWaiting(message);
    if (passage !== undefined) {
      passage.takenAt = this.#clock.now();
      passage.outcome = 'inHand';
    }
    this.#current = passage;
  }

  dropped(message: unknown): void {
    const passage = this.#oldestWaiting(message);
    if (passage !== undefined) {
      passage.outcome = 'dropped';
      passage.takenAt = this.#clock.now();
    }
  }

  /** The process is done with the message that it has taken. */
  done(): void {
    this.#over('done');
  }

  ended(): void {
    this.#over('ended');
    for (const passage of this.#list()) {
      if (passage.outcome === 'waiting') {
        passage.takenAt = this.#clock.now();
        passage.outcome = 'ended';
      }
    }
  }

  list(): readonly ExplainedMessage[] {
    const now = this.#clock.now();
    return this.#list().map(({ message, at, takenAt, overAt, outcome }) => {
      const isTaken = takenAt !== undefined && (outcome === 'inHand' || overAt !== undefined);
      return {
        message,
        outcome,
        at,
        waited: (takenAt ?? now) - at,
        took: isTaken ? (overAt ?? now) - takenAt : undefined,
      };
    });
  }

  #over(outcome: 'done' | 'ended'): void {
    const current = this.#current;
    if (current !== undefined) {
      current.overAt = this.#clock.now();
      current.outcome = outcome;
      this.#current = undefined;
    }
  }

  /**
   * Equal messages cannot be told apart: the one that has waited longest is meant. `undefined` for
   * one that newer messages have pushed out.
   */
  #oldestWaiting(message: unknown): Passage | undefined {
    return this.#list().find(
      (passage) => passage.outcome === 'waiting' && Object.is(passage.message, message),
    );
  }

  #list(): readonly Passage[] {
    return Array.from({ length: this.#passages.length }, (_, at) => this.#passages.at(at));
  }
}
