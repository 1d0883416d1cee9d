/** Which stream's handler has held the thread for longest, since the last look. */
export class HeldThread {
  #key: string | undefined = undefined;
  #ms = 0;

  /** A handler of this stream has returned after so many ms. */
  note(key: string, ms: number): void {
    if (ms > this.#ms) {
      this.#key = key;
      this.#ms = ms;
    }
  }

  /** The stream, if its handler has held the thread for at least so many ms; forgets it. */
  take(ms: number): string | undefined {
    const key = this.#ms >= ms ? this.#key : undefined;
    this.#key = undefined;
    this.#ms = 0;
    return key;
  }
}
