import { type EventLoopUtilization, performance } from 'node:perf_hooks';

import { type Process, systemClock } from '@reprise/actor';

/**
 * Reads which part of the last `ttl` ms the thread was busy in, from 0 to 1. `undefined` in a
 * system whose time is not that of the host: there it would be a measure of the test.
 */
export function busyOf({ system }: Process, ttl: number): (() => number) | undefined {
  if (system.clock.now !== systemClock().now) {
    return undefined;
  }
  const thread = new BusyThread(ttl);
  return () => thread.read(performance.eventLoopUtilization());
}

/** How busy the thread was. A process that is younger than the period counts as idle before. */
export class BusyThread {
  readonly #period: number;
  /** The first is of a period ago, or of the start of the process. */
  readonly #marks: EventLoopUtilization[] = [{ idle: 0, active: 0, utilization: 0 }];

  constructor(period: number) {
    this.#period = period;
  }

  /** The part of the last period, after a look at the time that the thread had so far. */
  read(now: EventLoopUtilization): number {
    this.#marks.push(now);
    const from = timeOf(now) - this.#period;
    const before = this.#marks.findLastIndex((mark) => timeOf(mark) <= from);
    this.#marks.splice(0, Math.max(0, before));
    const [first = now] = this.#marks;
    const passed = Math.max(this.#period, timeOf(now) - timeOf(first));
    return Math.min(1, (now.active - first.active) / passed);
  }
}

/** How long the event loop has run, in ms. */
function timeOf({ idle, active }: EventLoopUtilization): number {
  return idle + active;
}
