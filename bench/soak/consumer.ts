import { subscribe } from 'node:diagnostics_channel';
/**
 * `node --conditions=@reprise/source consumer.ts URL STREAMS CURSOR RECORDS`: follows so many streams of a chaos server with supervised clients, each on a cursor,
 * and writes down in RECORDS what it handles, until SIGTERM; or until it is killed.
 */
import { openSync, writeSync } from 'node:fs';

import { createSystem, DynamicSupervisor } from '@reprise/actor';
import { SseClient, sqlite } from '@reprise/sse';
import type { NumberedData } from '@reprise/sse/testing';

import { type Record, write } from './record.ts';

const [url = '', streams = '', cursorFile = '', records = ''] = process.argv.slice(2);
const file = openSync(records, 'a');
const tell = (record: Record): void => {
  writeSync(file, write(record));
};
const now = (): number => performance.timeOrigin + performance.now();

subscribe('reprise:restart', () => {
  tell({ type: 'restarted' });
});
const memory = setInterval(() => {
  tell({ type: 'memory', rss: process.memoryUsage.rss(), at: now() });
}, 1000);

const system = createSystem({ logger: { error: () => undefined, warn: () => undefined } });
const supervisor = await DynamicSupervisor.startLink(system, { maxRestarts: 1e6, maxSeconds: 1 });
const cursor = sqlite(cursorFile);
for (let index = 1; index <= Number(streams); index += 1) {
  await DynamicSupervisor.startChild(supervisor, follow(`stream-${index}`));
}
process.once('SIGTERM', () => {
  void stop();
});

function follow(stream: string): ReturnType<typeof SseClient.resilient> {
  return SseClient.resilient({
    id: stream,
    url: `${url}${stream}`,
    cursor,
    // So that much goes wrong in little time.
    minDelay: 250,
    maxDelay: 2000,
    idleTimeout: 3000,
    responseTimeout: 3000,
    maxEventSize: 2 ** 20,
    handle: ({ data }) => {
      const { number } = JSON.parse(data) as NumberedData;
      tell({ type: 'handled', stream, number, at: now() });
      // Now and then a handler fails after it has done its work: its event comes again.
      if (Math.random() < 1 / 5000) {
        throw new Error('on purpose');
      }
    },
    onStatus: ({ type }) => {
      if (type === 'connected') {
        tell({ type: 'connected', stream });
      }
    },
  });
}

async function stop(): Promise<void> {
  await system.stop();
  clearInterval(memory);
  // Sockets that have just been closed are gone after a turn or two.
  for (let turn = 0; turn < 10; turn += 1) {
    await new Promise(setImmediate);
  }
  const open = process.getActiveResourcesInfo();
  const handles = open.filter((type) => type === 'TCPSocketWrap' || type === 'Timeout').length;
  tell({ type: 'open', handles });
}
