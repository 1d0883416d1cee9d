import type { ServerSentEvent } from '@reprise/sse';

/** The last events of a feed, whose ids count up from 1. */
export class History {
  readonly #size: number;
  readonly #events: ServerSentEvent[] = [];
  #lastId = 0;

  constructor(size: number) {
    this.#size = size;
  }

  add(type: string, data: string): ServerSentEvent {
    const id = String(++this.#lastId);
    const event = { type, data, id, lastEventId: id };
    this.#events.push(event);
    if (this.#events.length > this.#size) {
      this.#events.shift();
    }
    return event;
  }

  /**
   * What came after the event with this id: all that is left, if it is not known. Nothing without
   * an id.
   */
  after(lastEventId: string): readonly ServerSentEvent[] {
    if (lastEventId === '') {
      return [];
    }
    const index = this.#events.findIndex(({ id }) => id === lastEventId);
    return this.#events.slice(index + 1);
  }
}
