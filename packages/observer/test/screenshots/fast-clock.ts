import { type Clock, systemClock, type TimeoutHandle } from '@reprise/actor';

/** A clock that can run faster than time, or jump: an hour of a service in a minute. */
export class FastClock implements Clock {
  readonly #host = systemClock();
  readonly #timers: Set<Timer> = new Set();
  #rate: number;
  #at = 0;
  #hostAt: number = this.#host.now();

  constructor(rate: number) {
    this.#rate = rate;
  }

  set rate(rate: number) {
    this.#at = this.now();
    this.#hostAt = this.#host.now();
    this.#rate = rate;
    this.#armAll();
  }

  /** So many ms pass at once. Timers that are due then fire together. */
  jump(ms: number): void {
    this.#at += ms;
    this.#armAll();
  }

  now(): number {
    return this.#at + (this.#host.now() - this.#hostAt) * this.#rate;
  }

  date(): number {
    return Date.now() + this.now() - (this.#host.now() - this.#hostAt);
  }

  setTimeout(callback: () => void, ms: number): TimeoutHandle {
    const timer = new Timer(callback, this.now() + ms);
    this.#timers.add(timer);
    this.#arm(timer);
    return timer;
  }

  clearTimeout(handle: TimeoutHandle): void {
    this.#timers.delete(handle as Timer);
    this.#host.clearTimeout((handle as Timer).handle as never);
  }

  setImmediate(callback: () => void): unknown {
    return this.#host.setImmediate?.(callback);
  }

  #armAll(): void {
    for (const timer of this.#timers) {
      this.#host.clearTimeout(timer.handle as never);
      this.#arm(timer);
    }
  }

  #arm(timer: Timer): void {
    const left = Math.max(0, timer.due - this.now()) / this.#rate;
    timer.handle = this.#host.setTimeout(() => {
      this.#timers.delete(timer);
      timer.callback();
    }, left);
    if (!timer.isHeld) {
      timer.unref();
    }
  }
}

class Timer {
  readonly callback: () => void;
  /** On the fast clock. */
  readonly due: number;
  handle: TimeoutHandle | undefined = undefined;
  isHeld = true;

  constructor(callback: () => void, due: number) {
    this.callback = callback;
    this.due = due;
  }

  unref(): void {
    this.isHeld = false;
    this.handle?.unref?.();
  }
}
