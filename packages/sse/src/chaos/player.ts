import type { Socket } from 'node:net';

import type { Clock } from '@reprise/actor';

import type { Step, Steps } from './step.ts';
import type { ChaosStream } from './stream.ts';

/** How a connection ended. */
export interface Outcome {
  /** Who began to close it. */
  readonly by: 'server' | 'client';
  /** How many numbered events were written whole. */
  readonly events: number;
}

/**
 * The steps done, one after the other, to a socket. What it does not take waits, and nothing is
 * made ahead of it.
 */
export class Performance {
  readonly #steps: Iterator<Step>;
  readonly #socket: Socket;
  readonly #stream: ChaosStream;
  readonly #clock: Clock;
  #callOff: () => void = () => undefined;
  #by: Outcome['by'] = 'client';
  #events = 0;

  constructor(steps: Steps, socket: Socket, stream: ChaosStream, clock: Clock) {
    this.#steps = steps[Symbol.iterator]();
    this.#socket = socket;
    this.#stream = stream;
    this.#clock = clock;
  }

  /** `closed` is called once the socket is. */
  start(closed: (outcome: Outcome) => void): void {
    this.#socket.once('close', () => {
      this.#callOff();
      closed({ by: this.#by, events: this.#events });
    });
    this.#goOn();
  }

  readonly #goOn = (): void => {
    while (!this.#socket.destroyed) {
      const { value: step, done } = this.#steps.next();
      if (done === true || !this.#do(step)) {
        return;
      }
    }
  };

  /** Whether the next step can be done at once. */
  #do(step: Step): boolean {
    switch (step.type) {
      case 'write':
        return this.#write(step.bytes, step.events);
      case 'await':
        return this.#stream.made >= step.number || this.#await(step.number);
      case 'pause':
        return this.#pause(step.ms);
      case 'finish':
        this.#by = 'server';
        this.#socket.end();
        return false;
      case 'reset':
        this.#by = 'server';
        this.#socket.resetAndDestroy();
        return false;
      default:
        return step satisfies never;
    }
  }

  #write(bytes: Uint8Array, events: number): boolean {
    const isTaken = this.#socket.write(bytes);
    this.#events += events;
    if (!isTaken) {
      this.#socket.once('drain', this.#goOn);
    }
    return isTaken;
  }

  #await(number: number): false {
    this.#callOff = this.#stream.whenMade(number, this.#goOn);
    return false;
  }

  #pause(ms: number): false {
    const timer = this.#clock.setTimeout(this.#goOn, ms);
    this.#callOff = () => {
      this.#clock.clearTimeout(timer);
    };
    return false;
  }
}
