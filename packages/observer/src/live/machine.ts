import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import process from 'node:process';
import { getHeapStatistics } from 'node:v8';

/** The program and its thread, at one look. */
export interface MachineFigures {
  /** The delay of the event loop that 99 % stayed below since the last look, in ms. */
  readonly loopDelay: number;
  /** CPU time of the program since its start, in ms. */
  readonly cpu: number;
  /** In bytes. */
  readonly heapUsed: number;
  readonly heapTotal: number;
}

/** How often the delay is measured, in ms: at 50 it takes 1.5 ms of CPU a second. */
const resolution = 50;

/** Measures while it is on. */
export class Machine {
  #delay: IntervalHistogram | undefined = undefined;

  start(): void {
    this.#delay = monitorEventLoopDelay({ resolution });
    this.#delay.enable();
  }

  stop(): void {
    this.#delay?.disable();
    this.#delay = undefined;
  }

  read(): MachineFigures {
    const { user, system } = process.cpuUsage();
    const { used_heap_size: heapUsed, total_heap_size: heapTotal } = getHeapStatistics();
    const { count = 0 } = this.#delay ?? {};
    const p99 = count === 0 ? 0 : (this.#delay?.percentile(99) ?? 0) / 1e6;
    this.#delay?.reset();
    return {
      // The monitor counts its own wait.
      loopDelay: Math.round(Math.max(0, p99 - resolution) * 10) / 10,
      cpu: Math.round((user + system) / 1000),
      heapUsed,
      heapTotal,
    };
  }
}
