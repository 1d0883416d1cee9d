import { subscribe } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Message, State } from './client-report.ts';
import { headers, type Order } from './order.ts';

/** The callbacks and options that a program gives to its contender. */
export interface Part extends Pick<Order, 'url' | 'isOnlyWork' | 'idleTimeout' | 'backoff'> {
  readonly headers: typeof headers;
  /**
   * Called for every event. Its promise settles when the event is handled: a contender that can
   * wait for a handler awaits it.
   */
  readonly handle: () => void | Promise<void>;
  /** Called for every failure for which the contender gives a reason. */
  readonly failed: (reason: unknown) => void;
}

/**
 * Starts a contender as its documentation does, and reports to the bench. `start` returns a
 * function that reads the contender's own state.
 */
export function play(start: (part: Part) => () => State): void {
  const order = JSON.parse(process.argv[2] ?? '') as Order;
  const watch = new Watch(order.handling);
  endWithTheBench();
  send({ type: 'ready', rss: process.memoryUsage.rss() });
  const state = start({
    ...order,
    headers,
    handle: () => watch.handle(),
    failed: (reason) => watch.failed(reason),
  });
  process.on('exit', () => watch.report(state()));
  const pulse = setInterval(() => watch.report(state()), 100);
  if (order.isOnlyWork) {
    pulse.unref();
  }
}

class Watch {
  readonly #handling: number;
  #lastReason: string | undefined = undefined;
  #delivered = 0;
  #handled = 0;
  #atOnce = 0;
  #attempts: number[] = [];

  constructor(handling: number) {
    this.#handling = handling;
    // Every client in Node opens its connections here: the only way to see an attempt that reaches
    // no server.
    subscribe('net.client.socket', () => {
      this.#attempts.push(Date.now());
    });
  }

  handle(): void | Promise<void> {
    this.#delivered += 1;
    this.#atOnce = Math.max(this.#atOnce, this.#delivered - this.#handled);
    if (this.#handling === 0) {
      this.#handled += 1;
      return undefined;
    }
    return sleep(this.#handling).then(() => {
      this.#handled += 1;
    });
  }

  failed(reason: unknown): void {
    this.#lastReason = reason instanceof Error ? reason.message : String(reason);
  }

  report(state: State): void {
    const attempts = this.#attempts;
    this.#attempts = [];
    const report = {
      state,
      ...(this.#lastReason === undefined ? {} : { lastReason: this.#lastReason }),
      delivered: this.#delivered,
      handled: this.#handled,
      atOnce: this.#atOnce,
      peakRss: peakRss(),
      attempts,
    };
    send({ type: 'report', report });
  }
}

/**
 * Exits when the bench ends, in any way. The channel to the bench does not keep this process alive.
 */
function endWithTheBench(): void {
  process.on('disconnect', () => process.exit());
  process.channel?.unref();
}

function send(message: Message): void {
  if (process.connected) {
    process.send?.(message);
  }
}

/** On Linux a process inherits `maxRSS` from its parent; VmHWM is its own. */
function peakRss(): number {
  if (process.platform !== 'linux') {
    return process.resourceUsage().maxRSS * 1024;
  }
  const [, kilobytes] =
    /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}
