import { StringDecoder } from 'node:string_decoder';

/** The start of a body that is not an event stream, as text: all of it, up to a limit. */
export class BodyStart {
  readonly #limit: number;
  readonly #done: (text: string) => void;
  readonly #chunks: Uint8Array[] = [];
  #size = 0;

  /**
   * `limit` is in bytes. `done` is called for each end; the caller ignores all but the first.
   */
  constructor(limit: number, done: (text: string) => void) {
    this.#limit = limit;
    this.#done = done;
  }

  readonly take = (chunk: Uint8Array): void => {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#size >= this.#limit) {
      this.end();
    }
  };

  /** The body has ended or broken off, or the attempt waits for no more of it. */
  readonly end = (): void => {
    const bytes = Buffer.concat(this.#chunks, Math.min(this.#size, this.#limit));
    // Unlike `toString`, it leaves out a character that is cut off, rather than replace it.
    this.#done(new StringDecoder('utf8').write(bytes));
  };
}
