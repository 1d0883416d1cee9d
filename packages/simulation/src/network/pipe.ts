import type { Engine } from '../engine/engine.ts';
import type { Lane, Owner, Scheduled } from '../engine/happening.ts';
import type { Link } from './link.ts';

interface Packet {
  /** Stable words, for the trace. */
  readonly what: string;
  /** In bytes. */
  readonly size: number;
  readonly deliver: () => void;
}

/**
 * One direction of a connection: its packets arrive in the order in which they were sent, after
 * delays that are drawn for each.
 */
export class Pipe {
  readonly #engine: Engine;
  readonly #link: Link;
  readonly #to: Owner;
  readonly #lane: Lane = { lastAt: 0 };
  /** Called when the receiver has taken something. */
  readonly #drained: () => void;
  readonly #inFlight = new Set<Scheduled>();
  #arrived: Packet[] = [];
  #isPaused = false;
  #isClosed = false;
  #buffered = 0;

  constructor(engine: Engine, link: Link, to: Owner, drained: () => void = () => undefined) {
    this.#engine = engine;
    this.#link = link;
    this.#to = to;
    this.#drained = drained;
  }

  /** How many bytes were sent that the receiver has not taken. */
  get buffered(): number {
    return this.#buffered;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  send(packet: Packet): void {
    if (!this.#isClosed) {
      this.#buffered += packet.size;
      this.#link.send(() => {
        this.#depart(packet);
      });
    }
  }

  /** The receiver takes nothing until `resume`: the packets for it wait, and count as buffered. */
  pause(): void {
    this.#isPaused = true;
  }

  /** Delivers the packets that have arrived, in a step of its own. */
  resume(): void {
    this.#isPaused = false;
    if (this.#arrived.length > 0) {
      this.#schedule(0, `goes on to read from ${this.#link.from}`, () => {
        this.#flush();
      });
    }
  }

  /** Nothing arrives any more, and no side gets an error. */
  close(): void {
    this.#isClosed = true;
    this.#arrived = [];
    for (const scheduled of this.#inFlight) {
      this.#engine.cancel(scheduled);
    }
    this.#inFlight.clear();
  }

  #depart(packet: Packet): void {
    if (!this.#isClosed) {
      const scheduled = this.#schedule(this.#link.delay(), packet.what, () => {
        this.#inFlight.delete(scheduled);
        this.#arrived.push(packet);
        this.#flush();
      });
      this.#inFlight.add(scheduled);
    }
  }

  #flush(): void {
    while (!this.#isPaused && !this.#isClosed) {
      const packet = this.#arrived.shift();
      if (packet === undefined) {
        return;
      }
      this.#buffered -= packet.size;
      packet.deliver();
      this.#drained();
    }
  }

  #schedule(delay: number, what: string, run: () => void): Scheduled {
    const { now } = this.#engine;
    const lane = this.#lane;
    return this.#engine.schedule({
      at: now + delay,
      owner: this.#to,
      kind: 'wire',
      what,
      lane,
      run,
    });
  }
}
