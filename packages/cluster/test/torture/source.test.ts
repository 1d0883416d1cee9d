import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';

import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { machineTime } from '../../../../bench/torture/machine-time.ts';
import { Source } from '../../../../bench/torture/source.ts';

let source: Source;

beforeEach(async () => {
  source = await Source.start({ rate: 0 });
});

afterEach(() => source.close());

async function follow(stream: string, after?: number): Promise<IncomingMessage> {
  const headers = { 'x-node': 'a/1', ...(after !== undefined && { 'last-event-id': `${after}` }) };
  const [response] = (await once(get(`${source.url}${stream}`, { headers }), 'response')) as [
    IncomingMessage,
  ];
  return response.on('error', () => undefined);
}

/** The ids of its events, once there are so many. */
async function idsOf(response: IncomingMessage, count: number): Promise<readonly number[]> {
  let text = '';
  for await (const bytes of response.iterator({ destroyOnReturn: false })) {
    text += String(bytes);
    const ids = [...text.matchAll(/id: (\d+)\n/g)].map(([, id]) => Number(id));
    if (ids.length >= count) {
      return ids;
    }
  }
  throw new Error(`Expected ${count} events, got the end of the stream after ${text}`);
}

test('tells when each number was made, also of a stream that is flooded', async () => {
  const from = machineTime();
  source.make('s', 2);
  source.flood('s', 50_000);
  const response = await follow('s');
  await idsOf(response, 1002);
  source.flood('s', 0);
  response.destroy();
  const times = [1, 2, 3, 1002].map((number) => source.madeAt('s', number));
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(times[0]).toBe(times[1]);
  expect(times[0]).toBeGreaterThanOrEqual(from);
  expect(times[3]).toBeLessThanOrEqual(machineTime());
});

test('a request gets all numbers of its stream from the first, or after its Last-Event-ID', async () => {
  source.make('s', 3);
  expect(await idsOf(await follow('s'), 3)).toEqual([1, 2, 3]);
  const later = await follow('s', 2);
  source.make('s', 1);
  expect(await idsOf(later, 2)).toEqual([3, 4]);
  expect(source.last).toEqual(new Map([['s', 4]]));
});

test('all streams make numbers at the rate, until it is 0', async () => {
  source.rate = 50;
  const [first, second] = [await follow('s'), await follow('t')];
  expect((await idsOf(first, 5)).slice(0, 5)).toEqual([1, 2, 3, 4, 5]);
  expect((await idsOf(second, 5)).slice(0, 5)).toEqual([1, 2, 3, 4, 5]);
  source.rate = 0;
  const { last } = source;
  expect(Math.abs((last.get('s') ?? 0) - (last.get('t') ?? 0))).toBeLessThanOrEqual(2);
});

test('it knows its connections, by node, over time', async () => {
  const response = await follow('s');
  expect(source.openAt()).toMatchObject([{ stream: 's', node: 'a/1', to: Infinity }]);
  response.destroy();
  while (source.openAt().length > 0) {
    await new Promise(setImmediate);
  }
  expect(source.connections).toHaveLength(1);
});
