import type { Clock } from '@reprise/actor';

import { closed, type Disconnect } from './failure.ts';
import { IdleTimer } from './idle-timer.ts';
import type { ExchangeResponse } from './transport.ts';

export interface BodyHandlers {
  readonly packet: (packet: Uint8Array) => void;
  /** Called once, last. */
  readonly ended: (disconnect: Disconnect) => void;
  /** The end has come while the body is paused. */
  readonly held?: (() => void) | undefined;
}

/** The body of an open stream: read packet by packet, with backpressure and an idle timeout. */
export class Body {
  readonly #response: ExchangeResponse;
  readonly #handlers: BodyHandlers;
  readonly #idle: IdleTimer;
  #isPaused = false;
  #isResponsePaused = false;
  /** Packets that came while the body was paused. */
  #waiting: Uint8Array[] = [];
  /** Their memory, in bytes. */
  #waitingSize = 0;
  #isOver = false;
  /** An end that came while the body was paused. */
  #end: Disconnect | undefined = undefined;

  constructor(
    response: ExchangeResponse,
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

  /** Begins to read; does nothing after `destroy`. */
  read(): void {
    this.#response.readBody(this.#take, () => {
      this.end(closed);
    });
  }

  /** Whether nothing but the end waits for `resume`. */
  get isAtEnd(): boolean {
    return this.#end !== undefined && this.#waiting.length === 0;
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

  /** Ends the body, after `resume` if it is paused. */
  end(disconnect: Disconnect): void {
    if (this.#isPaused) {
      // The first reason is the true one: an error of the decompressor also resets the stream.
      this.#end ??= disconnect;
      // Nothing more can come; a timer would keep a program alive that never resumes.
      this.#idle.stop();
      this.#handlers.held?.();
    } else if (!this.#isOver) {
      this.destroy();
      this.#handlers.ended(disconnect);
    }
  }

  /** Calls no handler any more. This closes the socket, unless a decompressor is in between. */
  destroy(): void {
    this.#isOver = true;
    this.#waiting = [];
    this.#idle.stop();
    this.#response.destroy();
  }

  /**
   * A packet that comes while the body is paused waits here; the response itself is paused only
   * when as much waits as one read of the socket brings. To pause and resume it costs more than to
   * handle a packet, and one read can bring hundreds of small packets.
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

  /** Small packets are joined: to copy them costs less than to handle each alone. */
  #nextWaiting(): Uint8Array {
    const first = this.#waiting.findIndex(({ length }) => length > worthCopying);
    const count = first === -1 ? this.#waiting.length : Math.max(1, first);
    const packets = this.#waiting.splice(0, count);
    this.#waitingSize -= packets.reduce((sum, packet) => sum + sizeOf(packet), 0);
    const [only] = packets;
    return packets.length === 1 && only !== undefined ? only : Buffer.concat(packets);
  }
}

/** The most that Node reads from a socket at once, in bytes. */
const socketRead = 65_536;
/** A larger packet, in bytes, is not joined with others. */
const worthCopying = 4096;

/** In bytes, with the object itself, which is most of it if a server sends chunks of one byte. */
function sizeOf(packet: Uint8Array): number {
  return packet.length + 100;
}
