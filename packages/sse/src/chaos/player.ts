import type { Socket } from 'node:net';

import type { Clock } from '@reprise/actor';

import type { Step, Steps } from './step.ts';
import type { ChaosStream } from './stream.ts';

/** How a connection ended. */
export interface Outcome {
  /** The side that began to close it. */
  readonly by: 'server' | 'client';
  /** How many numbered events were written completely. */
  readonly events: number;
}

/**
 * Plays the steps of a script on a socket, one after the other. It stops while the socket's buffer
 * is full, and makes no step before the last is done.
 */
export class Player {
  readonly #steps: Iterator<Step>;
  readonly #socket: Socket;
  readonly #stream: ChaosStream;
  readonly #clock: Clock;
  #cancelWait: () => void = () => undefined;
  #by: Outcome['by'] = 'client';
  #events = 0;

  constructor(steps: Steps, socket: Socket, stream: ChaosStream, clock: Clock) {
    this.#steps = steps[Symbol.iterator]();
    this.#socket = socket;
    this.#stream = stream;
    this.#clock = clock;
  }

  /** `closed` is called when the socket has closed. */
  start(closed: (outcome: Outcome) => void): void {
    this.#socket.once('close', () => {
      this.#cancelWait();
      closed({ by: this.#by, events: this.#events });
    });
    this.#continue();
  }

  readonly #continue = (): void => {
    while (!this.#socket.destroyed) {
      const { value: step, done } = this.#steps.next();
      if (done === true || !this.#do(step)) {
        return;
      }
    }
  };

  /** Whether the next step can follow at once. */
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
      this.#socket.once('drain', this.#continue);
    }
    return isTaken;
  }

  #await(number: number): false {
    this.#cancelWait = this.#stream.whenMade(number, this.#continue);
    return false;
  }

  #pause(ms: number): false {
    const timer = this.#clock.setTimeout(this.#continue, ms);
    this.#cancelWait = () => {
      this.#clock.clearTimeout(timer);
    };
    return false;
  }
}
