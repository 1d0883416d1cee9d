/**
 * How long the events of one packet may hold the thread, as the slice of the scheduler does for
 * messages: a packet can have thousands of events, and a synchronous handler takes its time for
 * each. The clock is read after 16 events while they are handled fast, and after each one while
 * they are slow.
 */
export class Slice {
  #start = 0;
  #lookedAt = 0;
  /** The number of events between two looks at the clock. */
  #stride = 1;
  #untilLook = 1;

  begin(): void {
    this.#start = this.#lookedAt = performance.now();
    this.#untilLook = this.#stride;
  }

  /** To be called after each event: whether the others have to wait for timers and sockets. */
  isOver(): boolean {
    this.#untilLook -= 1;
    return this.#untilLook <= 0 && this.#look();
  }

  #look(): boolean {
    const now = performance.now();
    const isFast = now - this.#lookedAt < fast;
    this.#stride = isFast ? Math.min(2 * this.#stride, longestStride) : 1;
    this.#untilLook = this.#stride;
    this.#lookedAt = now;
    return now - this.#start >= length;
  }
}

/** In ms. */
const length = 4;

/** The events between two looks are fast if they take no longer than that together, in ms. */
const fast = 0.25;

const longestStride = 16;
