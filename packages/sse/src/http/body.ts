import type { IncomingMessage } from 'node:http';

import type { Clock } from '@reprise/actor';

import { closed, type Disconnect } from './failure.ts';
import { IdleTimer } from './idle-timer.ts';

export interface BodyHandlers {
  readonly packet: (packet: Uint8Array) => void;
  /** Once, last. */
  readonly ended: (disconnect: Disconnect) => void;
}

/**
 * The body of an open stream: read packet by packet, with a brake, and given up when it is silent
 * for too long.
 */
export class Body {
  readonly #response: IncomingMessage;
  readonly #handlers: BodyHandlers;
  readonly #idle: IdleTimer;
  #isPaused = false;
  #isResponsePaused = false;
  /** Packets that came while none was wanted. */
  #waiting: Uint8Array[] = [];
  /** What those take, in bytes. */
  #waitingSize = 0;
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
    while (this.#waiting.length > 0 && !this.#isPaused && !this.#isOver) {
      this.#handlers.packet(this.#nextWaiting());
    }
    if (this.#isPaused) {
      return;
    }
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

  /**
   * Nothing is told any more. The socket is not closed by this, if there is something between it
   * and the body that decompresses.
   */
  destroy(): void {
    this.#isOver = true;
    this.#waiting = [];
    this.#idle.stop();
    this.#response.destroy();
  }

  /**
   * To pause a stream and to let it flow again costs more than to handle a packet, and a server
   * that writes small ones has hundreds of them come at once: what comes with one read of the
   * socket waits here, and the stream is paused when there is more.
   */
  readonly #take = (packet: Uint8Array): void => {
    if (!this.#isPaused) {
      this.#idle.hear();
      this.#handlers.packet(packet);
      return;
    }
    this.#waiting.push(packet);
    this.#waitingSize += sizeOf(packet);
    if (this.#waitingSize >= socketRead && !this.#isResponsePaused) {
      this.#isResponsePaused = true;
      this.#response.pause();
    }
  };

  /** Small ones as if they had come in one: to copy them costs less than to handle each alone. */
  #nextWaiting(): Uint8Array {
    const first = this.#waiting.findIndex(({ length }) => length > worthCopying);
    const count = first === -1 ? this.#waiting.length : Math.max(1, first);
    const packets = this.#waiting.splice(0, count);
    this.#waitingSize -= packets.reduce((sum, packet) => sum + sizeOf(packet), 0);
    return packets.length === 1 ? (packets[0] as Uint8Array) : Buffer.concat(packets);
  }
}

/** What Node reads from a socket at once, in bytes. */
const socketRead = 65_536;
/** In bytes. */
const worthCopying = 4096;

/** With the object that a packet is, which is most of it when a server sends chunks of one byte. */
function sizeOf(packet: Uint8Array): number {
  return packet.length + 100;
}

/**
 * Reads from the response that got hands over and not through got's own stream, which costs half as
 * much again. got listens for 'readable' on it, which would keep it from flowing.
 */
export function readAll(
  response: IncomingMessage,
  take: (chunk: Buffer) => void,
  ended: () => void,
): void {
  response.removeAllListeners('readable');
  response.once('end', ended).on('data', take).resume();
}
