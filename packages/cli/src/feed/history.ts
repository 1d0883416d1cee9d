import type { ServerSentEvent } from '@reprise/sse';

/** The last events of a feed. Their ids count up from 1. */
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
   * The events after the one with this id; the whole history if that id is unknown; none for an
   * empty id.
   */
  after(lastEventId: string): readonly ServerSentEvent[] {
    if (lastEventId === '') {
      return [];
    }
    const index = this.#events.findIndex(({ id }) => id === lastEventId);
    return this.#events.slice(index + 1);
  }
}
