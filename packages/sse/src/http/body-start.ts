/** The start of a body that is not an event stream, as text: enough to see what is wrong. */
export class BodyStart {
  /** How long the end of the start is waited for, in ms. */
  static readonly wait = 500;
  readonly #done: (text: string) => void;
  readonly #chunks: Uint8Array[] = [];
  #size = 0;

  /** `done` is called for each end; the caller ignores all but the first. */
  constructor(done: (text: string) => void) {
    this.#done = done;
  }

  readonly take = (chunk: Uint8Array): void => {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#size >= limit) {
      this.end();
    }
  };

  /** The body has ended or broken off, or nobody waits for more of it. */
  readonly end = (): void => {
    this.#done(Buffer.concat(this.#chunks).subarray(0, limit).toString('utf8'));
  };
}

/** In bytes. */
const limit = 4096;
