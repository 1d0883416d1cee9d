/**
 * `node weight-program.ts URL STREAMS`, with an IPC channel: opens the streams and sends the heap
 * of one of them, in bytes.
 */
import { setTimeout as after } from 'node:timers/promises';

import { createSystem, DynamicSupervisor } from '@reprise/actor';

import { SseClient } from '../../src/index.ts';

const [url = '', streamsText] = process.argv.slice(2);
const streams = Number(streamsText);
const supervisor = await DynamicSupervisor.startLink(createSystem());

// Warms up: objects that are made once, and growing tables, do not count for a stream.
await open(streams);
// The least of three: on a busy machine some of them may come late.
let bytes = Infinity;
for (let round = 0; round < 3; round++) {
  const before = await settled();
  await open(streams);
  bytes = Math.min(bytes, ((await settled()) - before) / streams);
}
process.send?.(bytes, () => process.exit());

async function open(count: number): Promise<void> {
  const opened = Array.from({ length: count }, () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const spec = SseClient.resilient({ id: 'client', url, handle: () => resolve() });
    return Promise.all([DynamicSupervisor.startChild(supervisor, spec), promise]);
  });
  await Promise.all(opened);
}

/** The size of the heap once another collection does not shrink it. */
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
