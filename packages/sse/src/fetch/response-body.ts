import type { ReadableByteStreamController, ReadableStreamBYOBRequest } from 'node:stream/web';

import type { Connection } from '../http/attempt.ts';
import type { Disconnect } from '../http/failure.ts';
import type { BodyLimits } from './body-limits.ts';
import type { FetchFailure } from './failure.ts';
import { errorOf } from './fetch-error.ts';
import type { FetchRecord } from './status.ts';

/** How a body comes to its end: `closed` in good order, or by the program. */
export type BodyEnd = FetchFailure | { readonly type: 'closed' } | { readonly type: 'aborted' };

/**
 * The body of a response as a web stream of bytes, whose bytes are read from the socket only when
 * the program reads the stream. It does not hold its stream, except while that waits for bytes:
 * once no code can read the stream any more, the garbage collector closes the socket.
 */
export class ResponseBody {
  readonly #connection: Connection;
  readonly #limits: BodyLimits;
  readonly #record: FetchRecord;
  readonly #ended: (end: BodyEnd) => void;
  #controller: WeakRef<ReadableByteStreamController> | undefined = undefined;
  /** While the stream waits for bytes. */
  #waiting: ReadableByteStreamController | undefined = undefined;
  #isOver = false;

  /** The connection is paused. `ended` is called once, last. */
  constructor(
    connection: Connection,
    limits: BodyLimits,
    record: FetchRecord,
    ended: (end: BodyEnd) => void,
  ) {
    this.#connection = connection;
    this.#limits = limits;
    this.#record = record;
    this.#ended = ended;
    this.#hold();
  }

  /** To be called once. */
  open(): ReadableStream<Uint8Array> {
    const stream = new ReadableStream({
      type: 'bytes',
      start: (controller) => {
        this.#controller = new WeakRef(controller);
      },
      pull: (controller) => {
        this.#pull(controller);
      },
      cancel: () => {
        this.#end({ type: 'aborted' });
      },
    });
    unread.register(stream, () => {
      this.#end({ type: 'aborted' });
    });
    return stream;
  }

  packet(packet: Uint8Array): void {
    if (packet.length === 0) {
      return;
    }
    this.#hold();
    this.#record.received(packet.length);
    try {
      const failure = this.#limits.take(packet);
      if (failure === undefined) {
        this.#give(packet);
      } else {
        this.fail(failure);
      }
    } catch (error) {
      // Of the user's `until`.
      this.#break(error, { type: 'aborted' });
    }
  }

  /** All of the body has come, while the program does not read it. */
  held(): void {
    this.#limits.stop();
    this.#endIfRead();
  }

  disconnected(disconnect: Disconnect): void {
    const failure =
      disconnect.type === 'closed'
        ? this.#limits.end()
        : disconnect.type === 'timeout'
          ? ({ ...disconnect, phase: 'idle' } as const)
          : disconnect;
    if (failure === undefined) {
      this.#close();
    } else {
      this.fail(failure);
    }
  }

  fail(failure: FetchFailure): void {
    this.#break(errorOf(failure, 'terminated'), failure);
  }

  abort(reason: unknown): void {
    this.#break(reason, { type: 'aborted' });
  }

  #pull(controller: ReadableByteStreamController): void {
    this.#waiting = controller;
    this.#record.state = 'reading';
    this.#limits.release();
    this.#connection.resume();
    this.#endIfRead();
  }

  /** The stream is closed with its last bytes, and not when more of them are asked for. */
  #endIfRead(): void {
    if (this.#connection.isAtEnd) {
      this.#connection.resume();
    }
  }

  #hold(): void {
    this.#record.state = 'held';
    this.#connection.pause();
    this.#limits.hold();
  }

  /**
   * The stream takes over the memory of its chunks. Packets of Node share theirs: hence the copy.
   */
  #give(packet: Uint8Array): void {
    const controller = this.#waiting;
    this.#waiting = undefined;
    controller?.enqueue(new Uint8Array(packet));
  }

  #close(): void {
    const controller = this.#controller?.deref();
    this.#end({ type: 'closed' });
    controller?.close();
    // A reader with a buffer of its own gets it back.
    (controller?.byobRequest as ReadableStreamBYOBRequest | null | undefined)?.respond(0);
  }

  #break(error: unknown, end: BodyEnd): void {
    const controller = this.#controller?.deref();
    if (!this.#isOver) {
      this.#end(end);
      controller?.error(error);
    }
  }

  #end(end: BodyEnd): void {
    if (!this.#isOver) {
      this.#isOver = true;
      this.#waiting = undefined;
      this.#limits.stop();
      this.#connection.destroy();
      this.#ended(end);
    }
  }
}

/** Closes the connections of bodies that no code can read any more. */
const unread = new FinalizationRegistry<() => void>((close) => {
  close();
});
