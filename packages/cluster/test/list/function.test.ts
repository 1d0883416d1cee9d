import { expect, test } from '@jest/globals';
import { advance, settle } from '@reprise/actor/testing';

import { Cluster } from '../../src/index.ts';
import { openStage, ttl } from '../support/stage.ts';

const refresh = 5000;
/** Until a node has seen a list, and has started and stopped what it changes. */
const seen = refresh + ttl;

/** A function for `streams` whose answer the test changes. */
function asked(answer: () => unknown) {
  const state = {
    answer,
    signals: [] as AbortSignal[],
    streams: ({ signal }: Cluster.ListContext): Promise<readonly string[]> => {
      state.signals.push(signal);
      return state.answer() as Promise<readonly string[]>;
    },
  };
  return state;
}

test('LIST-02 a function is asked again: new streams run, removed ones stop, and one that is back goes on after its last event', async () => {
  await using stage = await openStage();
  const list = asked(() => ['a', 'b']);
  const one = await stage.start('one', { streams: list.streams, refresh });
  await advance(stage.system, 500);
  await stage.produce('a', 'b');
  list.answer = async () => ['b', 'c'];
  await advance(stage.system, seen);
  expect(await stage.produce('b', 'c')).toMatchObject([
    { key: 'b', id: '2' },
    { key: 'c', id: '1' },
  ]);
  expect(Cluster.status(one)).toMatchObject({ node: { owned: 2 }, streams: { listed: 2 } });
  stage.source.stream('a').produce();
  list.answer = () => ({ a: undefined, b: undefined });
  await advance(stage.system, seen);
  expect(await stage.handled.next()).toMatchObject({ key: 'a', id: '2' });
});

test('LIST-02 a function is asked again so long after its answer', async () => {
  await using stage = await openStage();
  const list = asked(() => ['a']);
  await stage.start('one', { streams: list.streams, refresh });
  await advance(stage.system, 3 * refresh - 1);
  expect(list.signals).toHaveLength(3);
  await advance(stage.system, 1);
  expect(list.signals).toHaveLength(4);
});

const expected =
  'Expected the function streams to give a list of keys, or a record from each key to its data, got';

const failures: readonly (readonly [string, () => unknown, string])[] = [
  [
    'throws',
    () => {
      throw new Error('out of tenants');
    },
    `${expected} an error: out of tenants`,
  ],
  [
    'rejects',
    () => Promise.reject(new Error('at https://joe:secret@example.com/')),
    `${expected} an error: at https://example.com/`,
  ],
  ['hangs', () => new Promise(() => undefined), `${expected} an error: no answer within 5000 ms`],
  ['gives a key twice', () => ['a', 'b', 'a'], 'Expected each key of streams once, got "a" twice'],
  ['gives nothing', () => undefined, `${expected} undefined`],
  ['gives a set', async () => new Set(['a']), `${expected} an instance of Set`],
];

test.each(failures)(
  'LIST-03 a function that %s changes nothing, and one warning says so',
  async (_, answer, text) => {
    await using stage = await openStage();
    const list = asked(() => ['a']);
    const one = await stage.start('one', { streams: list.streams, refresh });
    await advance(stage.system, 500);
    await stage.produce('a');
    list.answer = answer;
    await advance(stage.system, 4 * seen);
    expect(await stage.produce('a')).toMatchObject([{ key: 'a', id: '2', node: 'one' }]);
    expect(Cluster.status(one).streams).toMatchObject({
      listed: 1,
      listFailure: { request: 'list', text },
    });
    const warnings = stage.system.reports.filter(({ message }) => message.includes('its list'));
    expect(warnings.map(({ message }) => message)).toEqual([
      `cluster: node one keeps its list of streams: ${text}`,
    ]);
    list.answer = () => ['a', 'b'];
    await advance(stage.system, 3 * seen);
    expect(Cluster.status(one).streams).toMatchObject({ listed: 2, listFailure: undefined });
  },
);

test('LIST-03 a function that is not waited for any more is told by its signal', async () => {
  await using stage = await openStage();
  const list = asked(() => ['a']);
  await stage.start('one', { streams: list.streams, refresh });
  list.answer = () => new Promise(() => undefined);
  await advance(stage.system, refresh);
  const [good, hanging] = list.signals;
  expect(hanging?.aborted).toBe(false);
  await advance(stage.system, refresh);
  expect([good?.aborted, hanging?.aborted]).toEqual([false, true]);
});

test('LIST-03 an empty list is an empty list', async () => {
  await using stage = await openStage();
  const list = asked(() => ['a', 'b']);
  const one = await stage.start('one', { streams: list.streams, refresh });
  await advance(stage.system, 500);
  list.answer = () => [];
  await advance(stage.system, seen);
  expect(Cluster.status(one)).toMatchObject({
    isWell: true,
    node: { owned: 0 },
    streams: { listed: 0, listFailure: undefined },
  });
});

test('LIST-03 a function that fails at the start is asked once more', async () => {
  await using stage = await openStage();
  const list = asked(() => {
    list.answer = () => ['a'];
    throw new Error('out of tenants');
  });
  const started = stage.start('one', { streams: list.streams, refresh });
  await advance(stage.system, 2000);
  expect(Cluster.status(await started).streams.listed).toBe(1);
});

test.each(failures)('LIST-03 a function that twice %s fails the start', async (_, answer, text) => {
  await using stage = await openStage();
  const list = asked(answer);
  const started = stage
    .start('one', { streams: list.streams, refresh })
    .catch((error: unknown) => error);
  await advance(stage.system, 3 * refresh);
  expect(await started).toMatchObject({ cause: new TypeError(text) });
  expect(list.signals).toHaveLength(2);
});

test('a node that stops does not wait for a function that hangs', async () => {
  await using stage = await openStage();
  const list = asked(() => ['a']);
  await stage.start('one', { streams: list.streams, refresh: 60_000 });
  list.answer = () => new Promise(() => undefined);
  await advance(stage.system, 60_000);
  const stopped = stage.system.stop();
  await advance(stage.system, 1000);
  expect(await stopped).toBeUndefined();
  expect(list.signals.at(-1)?.aborted).toBe(true);
});

test('LIST-06 of a stream that leaves the list the running handler ends, and no other begins', async () => {
  await using stage = await openStage();
  const list = asked(() => ['a']);
  const gate = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<AbortSignal>();
  const ends: string[] = [];
  const one = await stage.start('one', {
    streams: list.streams,
    refresh,
    handle: async (event, owned) => {
      begun.resolve(owned.signal);
      await gate.promise;
      ends.push(event.lastEventId);
    },
  });
  await advance(stage.system, 500);
  stage.source.stream('a').produce(2);
  const signal = await begun.promise;
  list.answer = () => [];
  await advance(stage.system, seen);
  expect(signal.aborted).toBe(false);
  gate.resolve();
  await settle(stage.system);
  await advance(stage.system, ttl);
  expect(ends).toEqual(['1']);
  expect(Cluster.status(one).node.owned).toBe(0);
  list.answer = () => ['a'];
  await advance(stage.system, seen);
  await settle(stage.system);
  expect(ends).toEqual(['1', '2']);
});
