import type { Writable } from 'node:stream';

/** A stream for text, stdout or stderr: with backpressure, and with the end of its reader. */
export class Sink {
  readonly #stream: Writable;
  readonly #broken: PromiseWithResolvers<Error> = Promise.withResolvers();
  #room: Promise<void> | undefined = undefined;

  constructor(stream: Writable) {
    this.#stream = stream;
    stream.on('error', this.#broken.resolve);
  }

  /** Settles with the error when writing fails: `EPIPE` when the reader is gone. */
  get whenBroken(): Promise<Error> {
    return this.#broken.promise;
  }

  /**
   * Writes the text. Returns a promise if the operating system did not take it at once: it settles
   * when the system has the text, which a kill can then no longer lose, and never if writing fails.
   */
  write(text: string): void | Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#stream.write(text, (error) => {
      if (error === null || error === undefined) {
        resolve();
      }
    });
    return this.#stream.writableLength === 0 ? undefined : promise;
  }

  room(): void | Promise<void> {
    if (!this.#stream.writableNeedDrain) {
      return undefined;
    }
    this.#room ??= new Promise((resolve) => {
      this.#stream.once('drain', () => {
        this.#room = undefined;
        resolve();
      });
    });
    return this.#room;
  }

  /** Resolves when all text is written, or when writing has failed: whether it is written. */
  flushed(): Promise<boolean> {
    return new Promise((resolve) => {
      this.#stream.write('', (error) => {
        resolve(error === null || error === undefined);
      });
    });
  }
}
