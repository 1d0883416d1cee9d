import type { Writable } from 'node:stream';

/**
 * Where text goes, stdout or stderr: with back-pressure, and with an end when nobody reads it any
 * more.
 */
export class Sink {
  readonly #stream: Writable;
  readonly #broken: PromiseWithResolvers<Error> = Promise.withResolvers();
  #room: Promise<void> | undefined = undefined;

  constructor(stream: Writable) {
    this.#stream = stream;
    stream.on('error', this.#broken.resolve);
  }

  /** Settles when the text can no longer be written: `EPIPE` when the reader is gone. */
  get whenBroken(): Promise<Error> {
    return this.#broken.promise;
  }

  /**
   * Takes the text in any case. Returns a promise only where the system did not take it at once: it
   * settles when the system has it, so that a kill cannot lose it any more, and never when the sink
   * is broken.
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

  /** Resolves when all that was written is with the reader, or lost. */
  flushed(): Promise<void> {
    return new Promise((resolve) => {
      this.#stream.write('', () => {
        resolve();
      });
    });
  }
}
