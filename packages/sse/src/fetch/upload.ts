import { isUint8Array } from 'node:util/types';

import type { Clock } from '@reprise/actor';
import { describe } from '@reprise/actor/text';

import type { HopBody } from '../http/redirect.ts';
import { nextMacrotask } from '../time/next-macrotask.ts';

/**
 * The body of a request, as it is sent. Bytes that are there at once are sent with their length,
 * and again after a redirect; a stream is sent in chunks, once. A `Request` does not tell which of
 * them it was made of.
 */
export class Upload {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  /** Reads whose results are not sent yet. */
  readonly #begun: Promise<ReadResult>[] = [];
  readonly #clock: Clock;
  readonly #failed: (error: unknown) => void;

  /** `failed` is called if the stream fails while it is sent. */
  constructor(stream: ReadableStream<Uint8Array>, clock: Clock, failed: (error: unknown) => void) {
    this.#clock = clock;
    this.#reader = stream.getReader();
    this.#failed = failed;
  }

  /** The body of the user's own stream, whatever is there at once. */
  stream(): HopBody {
    return this.#chunks();
  }

  /** All of it, if it is there at once, as the content of a string or of bytes is. */
  async content(): Promise<HopBody> {
    const first = await this.#soon();
    if (first?.done !== false) {
      return first === undefined ? this.#chunks() : new Uint8Array();
    }
    const second = await this.#soon();
    return second?.done === true ? bytesOf(first.value) : this.#chunks();
  }

  cancel(reason: unknown): void {
    // No code waits for the result of the cancel.
    this.#reader.cancel(reason).catch(() => undefined);
  }

  /** The next result, if it comes before I/O has its turn. */
  #soon(): Promise<ReadResult | undefined> {
    const turnOfIo = new Promise<undefined>((resolve) => {
      nextMacrotask(this.#clock, () => {
        resolve(undefined);
      });
    });
    return Promise.race([this.#read(), turnOfIo]);
  }

  #read(): Promise<ReadResult> {
    const result = this.#reader.read() as Promise<ReadResult>;
    // A failure shows where the result is awaited.
    result.catch(() => undefined);
    this.#begun.push(result);
    return result;
  }

  async *#chunks(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const { done, value } = await (this.#begun.shift() ?? this.#reader.read());
        if (done) {
          return;
        }
        yield bytesOf(value);
      }
    } catch (error) {
      this.#failed(error);
      throw error;
    }
  }
}

type ReadResult =
  | { readonly done: false; readonly value: unknown }
  | { readonly done: true; readonly value?: undefined };

function bytesOf(chunk: unknown): Uint8Array {
  if (!isUint8Array(chunk)) {
    throw new TypeError(`Expected a body of Uint8Arrays, got ${describe(chunk)}`);
  }
  return chunk;
}
