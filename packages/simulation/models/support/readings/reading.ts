import { exit, kill, type Pid, type Process, spawn } from '@reprise/actor';
import { type CursorOptions, type EventIterator, events } from '@reprise/sse';

import { later } from '../later.ts';
import type { Verdict } from '../verdict.ts';

/** Whose system the client of a loop lives in. The first of each is the tamest. */
export const homes = ['own', 'driver', 'process'] as const;
/** How a loop asks for events. */
export const styles = ['one', 'several', 'slow'] as const;
/** How a loop is ended that has not read enough. */
export const ends = ['return', 'abort', 'kill'] as const;

export interface Plan {
  readonly home: (typeof homes)[number];
  readonly style: (typeof styles)[number];
  readonly end: (typeof ends)[number];
  /** Where the client keeps its position, if it does. */
  readonly cursor: CursorOptions | undefined;
  /** So many events are enough: then the loop is broken off. */
  readonly most: number;
}

/** One loop over the events of an origin. */
export class Reading {
  /** How many promises of the iterator have not settled. */
  pending = 0;
  isOver = false;
  readonly #driver: Process;
  readonly #plan: Plan;
  readonly #verdict: Verdict;
  readonly #controller = new AbortController();
  /** The process whose code is the loop, if it is one. */
  #holder: Pid | undefined = undefined;
  #iterator: EventIterator<{ readonly lastEventId: string }> | undefined = undefined;
  #last = 0;

  constructor(driver: Process, plan: Plan, verdict: Verdict) {
    this.#driver = driver;
    this.#plan = plan;
    this.#verdict = verdict;
  }

  start(url: string): void {
    const { home } = this.#plan;
    if (home === 'process') {
      this.#holder = spawn(this.#driver, (self) => this.#read(url, self));
    } else {
      void this.#read(url, home === 'driver' ? this.#driver : undefined);
    }
  }

  /** Ends the loop, wherever it is. */
  end(): void {
    const { end } = this.#plan;
    if (end === 'kill' && this.#holder !== undefined) {
      exit(this.#driver, this.#holder, kill);
    } else if (end === 'return' && this.#iterator !== undefined) {
      void this.#follow(this.#iterator.return?.());
    } else {
      this.#controller.abort(new Error('enough'));
    }
  }

  /** The rest of it, when it should be over. */
  get left(): string | undefined {
    // A process that is killed before its first turn reads nothing.
    const isOver = this.isOver || this.#iterator === undefined;
    return isOver && this.pending === 0
      ? undefined
      : `${this.pending} promises of a loop (${wordsOf(this.#plan)})`;
  }

  async #read(url: string, parent: Process | undefined): Promise<void> {
    const { cursor, style, most } = this.#plan;
    const iterator = events(url, {
      signal: this.#controller.signal,
      idleTimeout: 30_000,
      ...(parent === undefined ? {} : { parent }),
      ...(cursor === undefined ? {} : { cursor }),
    });
    this.#iterator = iterator;
    for (let isDone = false; !isDone && this.#last < most;) {
      const asked = style === 'several' ? [iterator.next(), iterator.next()] : [iterator.next()];
      for (const result of asked) {
        isDone = (await this.#takes(result)) || isDone;
      }
      if (style === 'slow') {
        await later(this.#driver, 7);
      }
    }
    await this.#follow(iterator.return?.());
    this.isOver = true;
  }

  /** Whether it was the last. */
  async #takes(asked: Promise<IteratorResult<{ readonly lastEventId: string }>>): Promise<boolean> {
    const result = await this.#follow(asked);
    if (result === undefined || result.done === true) {
      return true;
    }
    const number = Number(result.value.lastEventId);
    this.#verdict.expect(number === this.#last + 1, () => {
      return `a loop got event ${number} after event ${this.#last}`;
    });
    this.#last = number;
    return false;
  }

  /** `undefined` for an error. */
  async #follow<Value>(promise: Promise<Value> | undefined): Promise<Value | undefined> {
    this.pending += 1;
    try {
      return await promise;
    } catch {
      return undefined;
    } finally {
      this.pending -= 1;
    }
  }
}

/** In a line of the trace. */
export function wordsOf({ home, style, end, most, cursor }: Plan): string {
  return [home, style, end, most, cursor === undefined ? 'no cursor' : 'cursor'].join(', ');
}
