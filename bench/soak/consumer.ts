/**
 * `node --conditions=@reprise/source --expose-gc consumer.ts URL FRONT STREAMS SEED CURSOR RECORDS
 * LIFE`:
 * follows STREAMS streams of a chaos server with supervised clients, each with a cursor, and
 * records the handled events in RECORDS, until its stdin ends or it is killed.
 */
import { subscribe } from 'node:diagnostics_channel';
import { openSync, writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

import { createSystem, DynamicSupervisor } from '@reprise/actor';
import { SseClient, sqlite } from '@reprise/sse';
import { jumpingClock, type NumberedData, randomOf } from '@reprise/sse/testing';

import { every } from './bounds.ts';
import { checksumOf } from './checksum.ts';
import { certificate } from './front.ts';
import { type Record, write } from './record.ts';
import { type Role, roleOf } from './roles.ts';
import { storesOver } from './stores.ts';

const [url = '', front = '', streams = '', seed = '', file = '', path = '', life = ''] =
  process.argv.slice(2);
const records = openSync(path, 'a');
const random = randomOf(`${seed}/${life}`);
const tell = (record: Record): void => {
  writeSync(records, write(record));
};
const now = (): number => performance.timeOrigin + performance.now();

subscribe('reprise:restart', () => {
  tell({ type: 'restarted' });
});
const memory = setInterval(() => {
  tell({ type: 'memory', rss: process.memoryUsage.rss(), at: now() });
}, 1000);

const holding = setInterval(() => {
  globalThis.gc?.();
  tell({ type: 'held', held: process.memoryUsage().heapUsed, at: now() });
}, 3000);

const clock = jumpingClock();
/** As if the machine had slept for up to a minute. */
const jumping = setInterval(() => {
  if (random() < 1 / 10) {
    tell({ type: 'jumped' });
    clock.jump(random() * 60_000);
  }
}, 1000);

const system = createSystem({ clock, logger: { error: () => undefined, warn: () => undefined } });
const supervisor = await DynamicSupervisor.startLink(system, { maxRestarts: 1e6, maxSeconds: 1 });
const stores = storesOver(sqlite(file), random);
for (let index = 1; index <= Number(streams); index += 1) {
  await DynamicSupervisor.startChild(supervisor, follow(`stream-${index}`));
}
process.stdin.resume().once('end', () => {
  void stop();
});

function follow(stream: string): ReturnType<typeof SseClient.resilient> {
  const role = roleOf(stream);
  return SseClient.resilient({
    id: stream,
    ...routeOf(stream, role),
    cursor: {
      store: stores[role.store],
      timeout: 3000,
      ...(role.dedupe ? { dedupe: true } : { every }),
    },
    // Many faults in a short time.
    minDelay: 250,
    maxDelay: 2000,
    idleTimeout: 3000,
    responseTimeout: 3000,
    maxEventSize: 2 ** 20,
    handle: ({ data, id }) => {
      const numbered = JSON.parse(data) as NumberedData;
      const { number } = numbered;
      const work = (): void => {
        failSometimes();
        const checksum = checksumOf(numbered);
        tell({ type: 'handled', stream, number, hasId: id !== null, checksum, at: now() });
        failSometimes();
      };
      return random() < 1 / 5
        ? delay(random() * 200)
            .then(failOften)
            .then(work)
        : work();
    },
    onStatus: ({ type }) => {
      if (type === 'connected') {
        tell({ type: 'connected', stream });
      } else if (type === 'fresh' || type === 'resumed') {
        tell({ type: 'began', stream });
      }
    },
  });
}

function routeOf(stream: string, { coding, http2 }: Role) {
  return coding === undefined
    ? { url: `${url}${stream}` }
    : { url: `${front}${coding}/${stream}`, got: { http2 }, tls: { ca: certificate } };
}

/** Crashes a handler before or after its work: its event comes again in both cases. */
function failSometimes(): void {
  if (random() < 1 / 1000) {
    throw new Error('on purpose');
  }
}

/** Work that takes time crashes more often, and then before its end. */
function failOften(): void {
  if (random() < 1 / 50) {
    throw new Error('on purpose');
  }
}

async function stop(): Promise<void> {
  await system.stop();
  clearInterval(memory);
  clearInterval(holding);
  clearInterval(jumping);
  // Closed sockets disappear some turns of the event loop later, on a busy machine many. A timer
  // that was left lasts longer than this.
  const until = performance.now() + 1000;
  while (openHandles() > 0 && performance.now() < until) {
    await new Promise(setImmediate);
  }
  const handles = openHandles();
  tell({ type: 'open', handles });
  // An open handle would keep the process alive.
  process.exit();
}

function openHandles(): number {
  const open = process.getActiveResourcesInfo();
  return open.filter((type) => type === 'TCPSocketWrap' || type === 'Timeout').length;
}
