import type { IncomingMessage } from 'node:http';

import type { Clock } from '@reprise/actor';

import { closed, type Disconnect } from './failure.ts';
import { IdleTimer } from './idle-timer.ts';

export interface BodyHandlers {
  readonly packet: (packet: Uint8Array) => void;
  /** Once, last. */
  readonly ended: (disconnect: Disconnect) => void;
}

/** The body of an open stream: read packet by packet, with a brake, and given up when it is silent for too long. */
export class Body {
  readonly #response: IncomingMessage;
  readonly #handlers: BodyHandlers;
  readonly #idle: IdleTimer;
  #isPaused = false;
  #isResponsePaused = false;
  #isOver = false;
  /** How it ended, while that may not be told. */
  #end: Disconnect | undefined = undefined;

  constructor(
    response: IncomingMessage,
    handlers: BodyHandlers,
    idleTimeout: number,
    clock: Clock,
  ) {
    this.#response = response;
    this.#handlers = handlers;
    this.#idle = new IdleTimer(clock, idleTimeout, () => {
      this.end({ type: 'timeout', ms: idleTimeout });
    });
  }

  /** Begins to read; harmless after `destroy`. */
  read(): void {
    readAll(this.#response, this.#take, () => {
      this.end(closed);
    });
  }

  pause(): void {
    this.#isPaused = true;
    this.#idle.hold();
  }

  resume(): void {
    this.#isPaused = false;
    this.#idle.release();
    if (this.#isResponsePaused) {
      this.#isResponsePaused = false;
      this.#response.resume();
    }
    if (this.#end !== undefined) {
      const end = this.#end;
      queueMicrotask(() => {
        this.end(end);
      });
    }
  }

  /** Tells of the end, as soon as that may be told. */
  end(disconnect: Disconnect): void {
    if (this.#isPaused) {
      this.#end = disconnect;
    } else if (!this.#isOver) {
      this.destroy();
      this.#handlers.ended(disconnect);
    }
  }

  /** Nothing is told any more. The socket is not closed by this, if there is something between it and the body that decompresses. */
  destroy(): void {
    this.#isOver = true;
    this.#idle.stop();
    this.#response.destroy();
  }

  /** Pausing a stream costs more than reading a packet: it is done only when a packet comes that is not wanted yet, which is put back. */
  readonly #take = (packet: Buffer): void => {
    if (this.#isPaused) {
      this.#isResponsePaused = true;
      this.#response.pause();
      this.#response.unshift(packet);
    } else {
      this.#idle.hear();
      this.#handlers.packet(packet);
    }
  };
}

/**
 * Reads from the response that got hands over and not through got's own stream, which costs half as much again. got listens for 'readable'
 * on it, which would keep it from flowing.
 */
export function readAll(
  response: IncomingMessage,
  take: (chunk: Buffer) => void,
  ended: () => void,
): void {
  response.removeAllListeners('readable');
  response.once('end', ended).on('data', take).resume();
}
