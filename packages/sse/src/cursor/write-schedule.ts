import type { Clock, TimeoutHandle } from '@reprise/actor';

import { longestWait } from '../time/sleep-clock.ts';

/** The client that a position belongs to: its clock, and where a failed write is reported. */
export interface CursorOwner {
  readonly clock: Clock;
  /** Aborts when the client has ended. */
  readonly signal: AbortSignal;
  /** Ends the client: it must not go on with a position that cannot be written. */
  readonly fail: (error: unknown) => void;
  /** Logs an error when no client is left that `fail` could end. */
  readonly warn: (error: unknown, problem: string) => void;
}

interface Schedule {
  readonly every: number;
  readonly within: number;
  /** Writes the position as it is now; a promise if the store needs time. */
  readonly write: () => Promise<undefined> | undefined;
  readonly owner: CursorOwner;
}

/**
 * When a position is written: after `every` moves or `within` ms, one write in flight at a time.
 */
export class WriteSchedule {
  readonly #schedule: Schedule;
  /** Read for every event: in `#schedule`, a field of doubles (`Infinity`), each read allocates. */
  readonly #every: number;
  #unwritten = 0;
  /** The moves that the write in flight holds. */
  #writing = 0;
  #timer: TimeoutHandle | undefined = undefined;
  #inFlight: Promise<undefined> | undefined = undefined;

  constructor(schedule: Schedule) {
    this.#schedule = schedule;
    this.#every = schedule.every;
  }

  /**
   * The position has moved past so many events. The next event must wait for the promise, if there
   * is one.
   */
  moved(events: number): Promise<undefined> | undefined {
    this.#unwritten += events;
    if (this.#unwritten >= this.#every) {
      return this.#writeNext();
    }
    if (this.#unwritten === events) {
      this.#startTimer();
    }
    return undefined;
  }

  /** How many moves the store does not have yet. */
  get unwritten(): number {
    return this.#unwritten + this.#writing;
  }

  /** Writes at once, for a change beside the position, and waits until it is written. */
  writeNow(): Promise<void> {
    this.#unwritten += 1;
    return this.flush();
  }

  /** Writes the last moves, if they are not written yet, and waits for all writes in flight. */
  async flush(): Promise<void> {
    // Others wait for the write in flight too, and may begin the next one before this goes on.
    while (this.#inFlight !== undefined || this.#unwritten > 0) {
      await (this.#inFlight ?? this.#write());
    }
  }

  /**
   * Writes the rest when the client has ended, perhaps by a kill. Synchronous if the store is;
   * otherwise the promise settles when the store is done, and never rejects.
   */
  end(): Promise<void> | undefined {
    this.#stopTimer();
    const warn = (error: unknown): void => {
      this.#schedule.owner.warn(error, 'its cursor could not be written');
    };
    try {
      const writing = this.#inFlight ?? (this.#unwritten > 0 ? this.#write() : undefined);
      return writing && this.flush().catch(warn);
    } catch (error) {
      warn(error);
      return undefined;
    }
  }

  /** If a write is in flight, the caller waits for it, so no more than two times `every` repeat. */
  #writeNext(): Promise<undefined> | undefined {
    if (this.#inFlight !== undefined) {
      return this.#inFlight.then(() => (this.#unwritten > 0 ? this.#write() : undefined));
    }
    const writing = this.#write();
    return this.#every === 1 ? writing : undefined;
  }

  #write(): Promise<undefined> | undefined {
    this.#stopTimer();
    const moves = this.#unwritten;
    this.#unwritten = 0;
    const writing = this.#schedule.write();
    if (writing === undefined) {
      return undefined;
    }
    this.#writing = moves;
    this.#inFlight = writing.finally(() => {
      this.#inFlight = undefined;
      this.#writing = 0;
    });
    // The error ends the client even if no code waits for this write.
    this.#inFlight.catch(this.#schedule.owner.fail);
    return this.#inFlight;
  }

  #startTimer(): void {
    const { owner, within } = this.#schedule;
    if (within === Infinity) {
      return;
    }
    this.#timer = owner.clock.setTimeout(
      () => {
        this.#timer = undefined;
        try {
          // A rejection has been given to `fail` already.
          this.#writeNext()?.catch(() => undefined);
        } catch (error) {
          owner.fail(error);
        }
      },
      Math.min(within, longestWait),
    );
  }

  #stopTimer(): void {
    if (this.#timer !== undefined) {
      this.#schedule.owner.clock.clearTimeout(this.#timer);
      this.#timer = undefined;
    }
  }
}
