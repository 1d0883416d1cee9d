import { cpus, freemem, loadavg, totalmem } from 'node:os';

/** This machine at one moment. */
export interface Counters {
  readonly load: {
    /** How busy all processors together were since the last reading, from 0 to 1. */
    readonly busy: number;
    readonly processors: number;
    /** Over 1, 5 and 15 minutes; zeros on Windows, which has no load averages. */
    readonly averages: readonly number[];
  };
  /** In bytes. */
  readonly memory: { readonly used: number; readonly total: number };
}

/** Reads this machine's counters. */
export class Machine {
  #times: Times = times();

  read(): Counters {
    return {
      load: { busy: this.#busy(), processors: cpus().length, averages: loadavg().map(rounded) },
      memory: { used: totalmem() - freemem(), total: totalmem() },
    };
  }

  #busy(): number {
    const before = this.#times;
    this.#times = times();
    const whole = this.#times.whole - before.whole;
    return whole === 0 ? 0 : rounded(1 - (this.#times.idle - before.idle) / whole);
  }
}

/** The time of all processors since the machine started, in ms. */
interface Times {
  readonly idle: number;
  readonly whole: number;
}

function times(): Times {
  const all = cpus().map((cpu) => cpu.times);
  return {
    idle: all.reduce((sum, { idle }) => sum + idle, 0),
    whole: all.reduce(
      (sum, { idle, irq, nice, sys, user }) => sum + idle + irq + nice + sys + user,
      0,
    ),
  };
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
