import { monitorEventLoopDelay } from 'node:perf_hooks';

import type { Idler } from './heap.ts';
import { amount, print } from './sample.ts';

/** A process that can be stopped. */
export interface Mortal<Handle> extends Idler<Handle> {
  readonly stop: (process: Handle) => void | Promise<void>;
}

/**
 * Starts as many processes as the program's argument says, calls all, stops all, and prints the
 * times.
 */
export async function measureLife<Handle>({ start, ask, stop }: Mortal<Handle>): Promise<void> {
  const processes: Handle[] = [];
  const pauses = monitorEventLoopDelay({ resolution });
  let handled = 0;
  pauses.enable();
  const starting = await timed(async () => {
    for (let started = 0; started < amount; started++) {
      processes.push(await start());
    }
  });
  const asking = await timed(async () => {
    for (const process of processes) {
      handled += await ask(process);
    }
  });
  const stopping = await timed(async () => {
    for (const process of processes) {
      await stop(process);
    }
  });
  pauses.disable();
  print({
    sent: amount,
    handled,
    readings: {
      start: starting,
      call: asking,
      stop: stopping,
      total: starting + asking + stopping,
      rss: process.resourceUsage().maxRSS * 1024,
      // The histogram has the time between two ticks, which is `resolution` in an event loop
      // without pauses.
      pause: pauses.max / 1e9 - resolution / 1000,
    },
  });
}

/** In ms. */
const resolution = 1;

async function timed(work: () => Promise<void>): Promise<number> {
  const from = performance.now();
  await work();
  return (performance.now() - from) / 1000;
}
