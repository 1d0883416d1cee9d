// The row of the catalogue about a thousand streams: how much a page is told of them, and how
// often. What that costs is measured by `npx pnpm bench observer`.
import type { ServerResponse } from 'node:http';

import { expect, test } from '@jest/globals';
import { createSystem, Supervisor } from '@reprise/actor';
import { virtualClock } from '@reprise/actor/testing';
import { SseClient } from '@reprise/sse';

import { observer } from '../../src/index.ts';
import { ask } from '../support/asking.ts';
import { bearer, token } from '../support/observed.ts';
import { Origin } from '../support/origin.ts';
import { openStream, type StreamReader } from '../support/stream-reader.ts';

/** How many rows or streams a page shows at once, on a tall screen. */
const shown = 40;

/** So many streams of one server, and an observer, on a clock that the test turns. */
async function manyStreams(count: number) {
  const origin = await Origin.open();
  const clock = virtualClock();
  const system = createSystem({
    clock,
    logger: { error: () => {}, warn: () => {} },
    slowCallback: Infinity,
  });
  const counter = new EventCounter();
  const streams = Array.from({ length: count }, (_, at) =>
    SseClient.resilient({
      id: `stream-${at}`,
      url: `${origin.url}feeds/${at}`,
      handle: () => {
        counter.count();
      },
    }),
  );
  const { promise, resolve: announce } = Promise.withResolvers<string>();
  await Supervisor.startLink(system, {
    strategy: 'oneForOne',
    name: 'app',
    children: [...streams, observer({ port: 0, token, announce })],
  });
  const responses: ServerResponse[] = [];
  while (responses.length < count) {
    responses.push(await origin.stream('data: 0\n\n'));
  }
  await counter.until(count);
  return {
    url: await promise,
    clock,
    responses,
    counter,
    async [Symbol.asyncDispose]() {
      await system.stop();
      await origin.close();
    },
  };
}

class EventCounter {
  #count = 0;
  #awaited = Infinity;
  #reached: () => void = () => undefined;

  count(): void {
    this.#count += 1;
    if (this.#count === this.#awaited) {
      this.#reached();
    }
  }

  /** Until so many more than at the last call have come. */
  async until(more: number): Promise<void> {
    if (this.#count < more) {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      this.#awaited = more;
      this.#reached = () => {
        resolve(undefined);
      };
      await promise;
    }
    this.#count -= more;
  }
}

/** The bytes of these events as they were sent. */
function sizeOf(events: StreamReader['events']): number {
  const texts = events.map(({ id, event, data }) => `${id ?? ''}${event ?? ''}${data}`);
  return Buffer.byteLength(texts.join('id: \nevent: \ndata: \n\n'));
}

test('OBS-C04 of 1,000 streams with 10,000 events a second a page is told twice a second, in at most 16 KB', async () => {
  await using many = await manyStreams(1000);
  const { url, clock, responses, counter } = many;
  const reader = await openStream(url);
  const { reader: id } = JSON.parse((await reader.next('hello')).data) as { reader: string };
  await reader.next('rows');
  const places = Array.from({ length: shown }, (_, at) => 500 + at);
  const body = JSON.stringify({ rows: places, streams: places });
  const headers = { ...bearer, 'content-type': 'application/json' };
  await ask(`${url}api/live/${id}/window`, { method: 'POST', headers, body });
  const sizes: number[] = [];
  for (let half = 0; half < 4; half++) {
    for (let round = 0; round < 5; round++) {
      for (const response of responses) {
        response.write(`id: ${half}-${round}\ndata: {"price":101.25}\n\n`);
      }
      await counter.until(responses.length);
    }
    const seen = reader.events.length;
    await clock.advance(500);
    await reader.next('rows', seen);
    const look = reader.events.slice(seen);
    expect(look.filter(({ event }) => event === 'rows')).toHaveLength(1);
    sizes.push(sizeOf(look));
  }
  reader.close();
  expect(Math.max(...sizes)).toBeLessThanOrEqual(16 * 1024);
});
