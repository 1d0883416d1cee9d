import type { Pid, TimerRef } from '@reprise/actor';

import type { Verdict } from '../verdict.ts';

/** A timer that was started. */
interface Started {
  readonly id: number;
  readonly to: Pid;
  /** When it was started, and when it is due, in ms of the system's clock. */
  readonly from: number;
  readonly due: number;
  /** For an interval: it is sent again and again. */
  readonly every: number | undefined;
  /** How often its message has arrived. */
  arrivals: number;
  /** In ms; `Infinity` while it is not cancelled. */
  cancelledAt: number;
}

/** By how much the clock of a host may be off, in ms: it counts in fractions. */
const fraction = 1e-6;
/** By how much a timer of a host may be late, in ms. */
const late = 5;

/** The promises of timers: not too early, in order, once, and never after a cancel. */
export class TimerRules {
  readonly #verdict: Verdict;
  readonly #now: () => number;
  readonly #timers: Map<number, Started> = new Map();
  readonly #refs: Map<TimerRef, Started> = new Map();

  constructor(verdict: Verdict, now: () => number) {
    this.#verdict = verdict;
    this.#now = now;
  }

  /** The next timer: its message has to hold the number. */
  get nextId(): number {
    return this.#timers.size + 1;
  }

  /** `wait`: in ms. */
  starts(id: number, to: Pid, ref: TimerRef, wait: number, every?: number): void {
    const from = this.#now();
    const due = from + Math.max(0, wait);
    const timer: Started = { id, to, from, due, every, arrivals: 0, cancelledAt: Infinity };
    this.#timers.set(id, timer);
    this.#refs.set(ref, timer);
  }

  /** `left`: the result of `cancelTimer`. */
  cancels(ref: TimerRef, left: number | false): void {
    const timer = this.#refs.get(ref);
    if (timer !== undefined) {
      this.reads(ref, left);
      timer.cancelledAt = left === false ? timer.cancelledAt : this.#now();
    }
  }

  /** `left`: the result of `readTimer`. */
  reads(ref: TimerRef, left: number | false): void {
    const timer = this.#refs.get(ref);
    if (timer !== undefined && left !== false) {
      const { id, due, every, cancelledAt } = timer;
      this.#expect(cancelledAt === Infinity, () => `timer ${id} runs, and was cancelled`);
      this.#expect(every !== undefined || timer.arrivals === 0, () => `timer ${id} runs twice`);
      if (every === undefined) {
        const exact = Math.max(0, due - this.#now());
        this.#expect(left >= exact - fraction && left < exact + 1 + fraction, () => {
          return `timer ${id} has ${left} ms left, and not ${exact}`;
        });
      }
    }
  }

  /** The message of a timer is taken out of the mailbox. `isPrompt`: of one that never waits. */
  arrives(to: Pid, id: number, isPrompt: boolean): void {
    const timer = this.#timers.get(id);
    this.#expect(timer?.to === to, () => `timer ${id} has sent to another process`);
    if (timer !== undefined) {
      timer.arrivals += 1;
      this.#expectTime(timer, isPrompt);
      this.#expectOrder(timer);
    }
  }

  /** Time that some code has waited for. */
  waited(what: string, from: number, ms: number): void {
    const took = this.#now() - from;
    this.#expect(took >= ms - fraction, () => `${what} of ${ms} ms was over after ${took}`);
  }

  /** Long after the last timer was due. `isAlive`: whether a receiver could take its messages. */
  settled(isAlive: (to: Pid) => boolean): void {
    for (const { id, to, arrivals, cancelledAt } of this.#timers.values()) {
      const isMissed = arrivals === 0 && cancelledAt === Infinity && isAlive(to);
      this.#expect(!isMissed, () => `timer ${id} has not come`);
    }
  }

  #expectTime({ id, due, every, arrivals, cancelledAt }: Started, isPrompt: boolean): void {
    this.#expect(arrivals === 1 || every !== undefined, () => `timer ${id} came twice`);
    const least = due + (arrivals - 1) * (every ?? 0);
    const after = this.#now() - least;
    this.#expect(after >= -fraction, () => `timer ${id} has come ${-after} ms early`);
    this.#expect(least <= cancelledAt, () => `timer ${id} has come, though it was cancelled`);
    // The message of an interval may stand for several that are due.
    const delay = every === undefined ? after : after % every;
    this.#expect(!isPrompt || delay <= late, () => `timer ${id} has come ${delay} ms late`);
  }

  /** The messages of two timers come in the order in which they were due, or else started. */
  #expectOrder({ id, to, due, every }: Started): void {
    if (every === undefined) {
      const late = [...this.#timers.values()].find((other) => {
        const isBefore = other.due < due || (other.due === due && other.id < id);
        return (
          other.to === to && isBefore && other.arrivals === 0 && other.cancelledAt === Infinity
        );
      });
      this.#expect(late === undefined, () => `timer ${id} has come before ${String(late?.id)}`);
    }
  }

  #expect(holds: boolean, broken: () => string): void {
    this.#verdict.expect(holds, broken);
  }
}
