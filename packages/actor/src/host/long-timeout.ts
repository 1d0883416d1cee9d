import * as host from '../host.ts';

/** In ms: a timer of the host that is set to more fires at once (Node warns, and waits 1 ms). */
export const longestHostDelay: number = 2 ** 31 - 1;

/** The handle of a timer on Node; on a browser it is a number. */
interface HostHandle {
  ref?(): unknown;
  unref?(): unknown;
}

/** A timer of the host that can wait longer than one: as many as it takes, one after the other. */
export class LongTimeout {
  readonly #callback: () => void;
  #left: number;
  #handle: HostHandle;
  #keepsAlive = true;

  /** `ms`: `Infinity` for never. */
  constructor(callback: () => void, ms: number) {
    this.#callback = callback;
    this.#left = ms;
    this.#handle = this.#wait();
  }

  ref(): void {
    this.#keepsAlive = true;
    this.#handle.ref?.();
  }

  unref(): void {
    this.#keepsAlive = false;
    this.#handle.unref?.();
  }

  clear(): void {
    host.clearTimeout(this.#handle);
  }

  #wait(): HostHandle {
    const ms = Math.min(this.#left, longestHostDelay);
    this.#left -= ms;
    const handle = host.setTimeout(this.#due, ms) as HostHandle;
    if (!this.#keepsAlive) {
      handle.unref?.();
    }
    return handle;
  }

  readonly #due = (): void => {
    if (this.#left > 0) {
      this.#handle = this.#wait();
    } else {
      this.#callback();
    }
  };
}
