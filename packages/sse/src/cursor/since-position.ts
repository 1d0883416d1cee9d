import { createHash } from 'node:crypto';

import type { ServerSentEvent } from '../format/event.ts';

/**
 * The event that brought the last position, and those that were handled since and bring none: a
 * server that is asked for that position sends them again, in the same order. Where one differs,
 * they are new.
 */
export class SincePosition {
  readonly #capacity: number;
  /** The fingerprint of the event that brought the position; `""` if it is not known. */
  #first: string;
  /** Those of the events since, oldest first. Events above the capacity are not recognized. */
  #others: readonly string[];
  /** How many of them have come on the current connection. */
  #seen = 0;

  constructor([first = '', ...others]: readonly string[], capacity: number) {
    this.#capacity = capacity;
    this.#first = first;
    this.#others = others;
  }

  begin(): void {
    this.#seen = 0;
  }

  /** Whether it is the event that brought the position, and not another one with that position. */
  isFirst(event: ServerSentEvent): boolean {
    return this.#first === printOf(event);
  }

  /** Whether the event is the next one of those that come again. */
  isNext(event: ServerSentEvent): boolean {
    const isAgain = this.#seen < this.#others.length && this.#others[this.#seen] === printOf(event);
    if (isAgain) {
      this.#seen += 1;
    }
    return isAgain;
  }

  /** The fingerprints, to be kept. */
  get list(): readonly string[] {
    return [this.#first, ...this.#others];
  }

  /** Those after an event that brings a position, perhaps the same one again. */
  listFrom(event: ServerSentEvent, isSame: boolean): readonly string[] {
    return [printOf(event), ...(isSame ? this.#others : [])];
  }

  /**
   * Those after an event without a position. The ones that have not come again before it will not
   * come again.
   */
  listWith(event: ServerSentEvent): readonly string[] {
    const others = this.#others.slice(0, this.#seen);
    return [this.#first, ...others, ...(others.length < this.#capacity ? [printOf(event)] : [])];
  }

  /** How many of the events since the position have come on the current connection. */
  get seen(): number {
    return this.#seen;
  }

  /** An event has failed: everything is as it was before. */
  restore(list: readonly string[], seen: number): void {
    this.set(list);
    this.#seen = seen;
  }

  /** An event is handled: the list is this one now, all of it seen on the current connection. */
  set([first = '', ...others]: readonly string[]): void {
    this.#first = first;
    this.#others = others;
    this.#seen = others.length;
  }
}

/** Without the id: a server may number the events of each connection anew. */
function printOf({ type, data }: ServerSentEvent): string {
  return createHash('sha256')
    .update(JSON.stringify([type, data]))
    .digest('base64');
}
