import { expect, test } from '@jest/globals';
import { advance, settle } from '@reprise/actor/testing';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { z } from 'zod';

import { Cluster, memory, type Rows } from '../../src/index.ts';
import { Queue } from '../support/queue.ts';
import { openStage, type Stage, ttl } from '../support/stage.ts';

const room = z.object({ room: z.number() });
type Room = z.infer<typeof room>;

/** Until a node has read the table, and has started and stopped what it changes. */
const seen = ttl / 4 + 1000;

/** Starts a node that tells the data of each event. */
function start(stage: Stage, streams: Rows<Room>) {
  const told = new Queue<string>();
  const cluster = Cluster.startLink(stage.system, {
    store: stage.store,
    node: 'one',
    ttl,
    streams,
    client: ({ key }) => ({ url: `${stage.source.url}${key}` }),
    handle: (event, { key, data }) => {
      told.push(`${key} ${data.room} ${event.lastEventId}`);
    },
  });
  return { cluster, told };
}

test('LIST-04 rows come, change and go: their streams run, start anew with the new data, and stop', async () => {
  await using stage = await openStage();
  const { source, store, system } = stage;
  store.streams.set('a', { room: 1 });
  const { cluster, told } = start(stage, store.rows(room));
  const one = await cluster;
  await advance(system, seen);
  source.stream('a').produce();
  expect(await told.next()).toBe('a 1 1');
  await advance(system, 500);
  store.streams.set('b', { room: 2 }).set('a', { room: 3 });
  await advance(system, seen);
  source.stream('a').produce();
  expect(await told.next()).toBe('a 3 2');
  source.stream('b').produce();
  expect(await told.next()).toBe('b 2 1');
  store.streams.delete('a');
  await advance(system, seen);
  expect(Cluster.status(one)).toMatchObject({ node: { owned: 1 }, streams: { listed: 1 } });
  source.stream('a').produce();
  store.streams.set('a', { room: 4 });
  await advance(system, seen);
  expect(await told.next()).toBe('a 4 3');
});

test('LIST-04 a row that is written anew as it was changes nothing', async () => {
  await using stage = await openStage();
  const { source, store, system } = stage;
  store.streams.set('a', { room: 1 });
  const { cluster } = start(stage, store.rows(room));
  await cluster;
  await advance(system, seen);
  store.streams.delete('a');
  store.streams.set('b', { room: 2 }).set('a', { room: 1 });
  await advance(system, 2 * seen);
  expect(source.stream('a').connections).toBe(1);
});

test('LIST-04 a stream that starts anew handles no event twice, and its running handler ends', async () => {
  await using stage = await openStage();
  const { source, store, system } = stage;
  store.streams.set('a', { room: 1 });
  const begun = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const handled: string[] = [];
  await Cluster.startLink(system, {
    store,
    node: 'one',
    ttl,
    streams: store.rows(room),
    client: ({ key }) => ({ url: `${source.url}${key}` }),
    handle: async (event, { data }) => {
      begun.resolve();
      await gate.promise;
      handled.push(`${data.room} ${event.lastEventId}`);
    },
  });
  await advance(system, seen);
  source.stream('a').produce(3);
  await begun.promise;
  store.streams.set('a', { room: 2 });
  await advance(system, seen);
  gate.resolve();
  await settle(system);
  await advance(system, seen);
  await settle(system);
  expect(handled).toEqual(['1 1', '2 2', '2 3']);
});

test('LIST-05 a row that its schema refuses is not run but shown, and runs once it is mended', async () => {
  await using stage = await openStage();
  const { source, store, system } = stage;
  store.streams.set('a', { room: 'one' }).set('b', { room: 2 }).set('', { room: 3 });
  const { cluster, told } = start(stage, store.rows(room));
  const one = await cluster;
  await advance(system, seen);
  source.stream('b').produce();
  expect(await told.next()).toBe('b 2 1');
  expect(Cluster.status(one).streams).toMatchObject({
    listed: 1,
    invalid: [
      { key: 'a', issue: expect.stringMatching(/^room: .*expected number/) },
      { key: '', issue: expect.stringMatching(/^Expected the key of a stream/) },
    ],
  });
  store.streams.set('a', { room: 1 });
  store.streams.delete('');
  await advance(system, seen);
  source.stream('a').produce();
  expect(await told.next()).toBe('a 1 1');
  store.streams.set('b', {});
  await advance(system, seen);
  expect(Cluster.status(one)).toMatchObject({
    node: { owned: 1 },
    streams: { listed: 1, invalid: [{ key: 'b' }] },
  });
});

test.each([
  [
    'throws',
    () => {
      throw new Error('broken');
    },
    'the schema has thrown Error: broken',
  ],
  [
    'has many issues',
    () => ({ issues: ['a', 'b', 'c', 'd'].map((message) => ({ message, path: [message, 0] })) }),
    'a.0: a; b.0: b; c.0: c',
  ],
  [
    'tells a secret',
    async () => ({ issues: [{ message: 'got https://joe:secret@example.com/', path: [] }] }),
    'got https://example.com/',
  ],
])('LIST-05 a schema that %s refuses its row', async (_, validate, issue) => {
  await using stage = await openStage();
  const { store, system } = stage;
  store.streams.set('a', {});
  const schema: StandardSchemaV1<unknown, Room> = {
    '~standard': { version: 1, vendor: 'test', validate },
  };
  const one = await start(stage, store.rows(schema)).cluster;
  await advance(system, seen);
  expect(Cluster.status(one).streams.invalid).toEqual([{ key: 'a', issue }]);
});

test('a table that cannot be read changes nothing, and the failure is told until it can', async () => {
  await using stage = await openStage();
  const { store, system } = stage;
  store.streams.set('a', { room: 1 });
  const { cluster } = start(stage, store.rows(room));
  const one = await cluster;
  await advance(system, seen);
  const circle: { self?: unknown } = {};
  circle.self = circle;
  store.streams.set('b', circle);
  await advance(system, seen);
  expect(Cluster.status(one)).toMatchObject({
    node: { owned: 1 },
    streams: { listed: 1, listFailure: { text: expect.stringContaining('circular') } },
  });
  store.streams.set('b', { room: 2 });
  await advance(system, seen);
  expect(Cluster.status(one).streams).toMatchObject({ listed: 2, listFailure: undefined });
});

test.each([undefined, {}, 5, { '~standard': {} }])('%j is no schema of rows', async (schema) => {
  await using stage = await openStage();
  expect(() => stage.store.rows(schema as never)).toThrow(
    new TypeError(
      `Expected a Standard Schema, such as z.object({ … }), got ${JSON.stringify(schema)}`,
    ),
  );
});

test('LIST-05 a row whose schema gives no answer is shown, holds up no other, and runs once it is written anew and checked', async () => {
  await using stage = await openStage();
  const { source, store, system } = stage;
  let isAway = true;
  const slow = z.object({ room: z.number() }).refine(({ room: number }) => {
    return isAway && number === 1 ? new Promise<boolean>(() => undefined) : true;
  });
  store.streams.set('a', { room: 1 }).set('b', { room: 2 });
  const { cluster, told } = start(stage, store.rows(slow));
  await advance(system, 10_000);
  const one = await cluster;
  await advance(system, seen);
  source.stream('b').produce();
  expect(await told.next()).toBe('b 2 1');
  expect(Cluster.status(one).streams.invalid).toEqual([
    { key: 'a', issue: 'the schema has given no answer within 10000 ms' },
  ]);
  isAway = false;
  // The same data: another change of the table is enough.
  store.streams.set('c', { room: 3 });
  await advance(system, seen);
  source.stream('a').produce();
  expect(await told.next()).toBe('a 1 1');
});

test('LIST-05 the words of a schema are told without secrets, also where they are cut off', async () => {
  const url = 'https://joe:S3CRET@example.com/';
  for (let length = 300 - url.length; length < 300; length += 1) {
    const refusing = z.unknown().refine(() => false, `${'x'.repeat(length)} ${url}`);
    const parsed = await memory().rows(refusing).parse({});
    expect(JSON.stringify(parsed)).not.toMatch(/S3C/);
  }
});
