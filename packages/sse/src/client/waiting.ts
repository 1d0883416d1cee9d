import type { ServerSentEvent } from '../format/event.ts';
import type { Item, Packet } from './packet.ts';

/** The events of a connection that have arrived and are not handled, as one packet that grows. */
export class Waiting implements Packet {
  readonly generation: number;
  readonly items: ServerSentEvent[] = [];
  readonly at = 0;
  readonly task: undefined = undefined;
  /** Their memory, in bytes: that of their packets, and that of the objects. */
  #size = 0;

  constructor(generation: number) {
    this.generation = generation;
  }

  /** A client that handles batches has no comments: they are not among the items. */
  add(items: readonly Item[], size: number): void {
    this.#size += size;
    for (const item of items) {
      this.items.push(item as ServerSentEvent);
      this.#size += ofObject;
    }
  }

  /** Whether to read on: not if the next batch is full, or if the events take much memory. */
  isRoomFor(max: number): boolean {
    return this.items.length < max && this.#size < most;
  }

  shift(): ServerSentEvent | undefined {
    const [first] = this.items;
    this.drop(1);
    return first;
  }

  drop(count: number): void {
    const before = this.items.length;
    this.items.splice(0, count);
    // Events of one stream are alike: the rest has its share of the size.
    this.#size = before === 0 ? 0 : (this.#size * this.items.length) / before;
  }
}

/** In bytes. */
const ofObject = 100;
/** In bytes. */
const most = 2 ** 20;
