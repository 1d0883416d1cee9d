import { machineTime } from './machine-time.ts';

/** Calls functions after a delay, in order, also when the delay becomes shorter. */
export class DelayLine {
  readonly #waiting: { readonly due: number; readonly act: () => void }[] = [];

  add(act: () => void, ms: number): void {
    if (ms === 0 && this.#waiting.length === 0) {
      act();
      return;
    }
    this.#waiting.push({ due: machineTime() + ms, act });
    if (this.#waiting.length === 1) {
      this.#wait(ms);
    }
  }

  #wait(ms: number): void {
    setTimeout(() => {
      this.#waiting.shift()?.act();
      const [next] = this.#waiting;
      if (next !== undefined) {
        this.#wait(Math.max(0, next.due - machineTime()));
      }
    }, ms);
  }
}
