import { createHash } from 'node:crypto';

import type { ServerSentEvent } from '../format/event.ts';

/**
 * The events that were handled since the last position and bring none themselves: a server that is
 * asked for that position sends them again, in the same order. Where one differs, they are new.
 */
export class SincePosition {
  readonly #capacity: number;
  /** Fingerprints, oldest first. Events above the capacity are not recognized. */
  #events: string[];
  /** How many of them have come on the current connection. */
  #seen = 0;

  constructor(events: readonly string[], capacity: number) {
    this.#capacity = capacity;
    this.#events = events.slice(0, capacity);
  }

  begin(): void {
    this.#seen = 0;
  }

  /** Whether the event is the next one of those that come again. */
  isNext(event: ServerSentEvent): boolean {
    const isAgain = this.#seen < this.#events.length && this.#events[this.#seen] === printOf(event);
    if (isAgain) {
      this.#seen += 1;
    }
    return isAgain;
  }

  /** A new event is handled: those that have not come again before it will not come again. */
  add(event: ServerSentEvent): void {
    this.#events = this.listWith(event);
    this.#seen = this.#events.length;
  }

  clear(): void {
    this.#events = [];
    this.#seen = 0;
  }

  get list(): readonly string[] {
    return this.#events;
  }

  /** The list once this event is handled too. */
  listWith(event: ServerSentEvent): string[] {
    const events = this.#events.slice(0, this.#seen);
    return events.length < this.#capacity ? [...events, printOf(event)] : events;
  }
}

/** Without the id: a server may number the events of each connection anew. */
function printOf({ type, data }: ServerSentEvent): string {
  return createHash('sha256')
    .update(JSON.stringify([type, data]))
    .digest('base64');
}
