/**
 * `node weight-program.ts URL STREAMS`, with a channel: opens them, and says what one takes on the
 * heap, in bytes.
 */
import { setTimeout as after } from 'node:timers/promises';

import { createSystem, DynamicSupervisor } from '@reprise/actor';

import { SseClient } from '../../src/index.ts';

const [url = '', streamsText] = process.argv.slice(2);
const streams = Number(streamsText);
const supervisor = await DynamicSupervisor.startLink(createSystem());

// What is made once, and what is made when things grow, is not a stream's.
await open(streams / 2);
const before = await settled();
await open(streams);
const bytes = ((await settled()) - before) / streams;
process.send?.(bytes, () => process.exit());

async function open(count: number): Promise<void> {
  const opened = Array.from({ length: count }, () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const spec = SseClient.resilient({ id: 'client', url, handle: () => resolve() });
    return Promise.all([DynamicSupervisor.startChild(supervisor, spec), promise]);
  });
  await Promise.all(opened);
}

/** The heap once another collection makes it no smaller. */
async function settled(): Promise<number> {
  let used = Infinity;
  for (;;) {
    await after(20);
    await globalThis.gc?.({ execution: 'async', flavor: 'last-resort' });
    const { heapUsed } = process.memoryUsage();
    if (heapUsed > used * 0.999) {
      return heapUsed;
    }
    used = heapUsed;
  }
}
