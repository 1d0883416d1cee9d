import { expect, test } from '@jest/globals';
import { createSystem } from '@reprise/actor';
import { describe } from '@reprise/actor/text';

import { Cluster, memory } from '../../src/index.ts';

const given = {
  id: 'prices',
  store: memory(),
  streams: ['a'],
  client: () => ({ url: 'http://localhost/' }),
  handle: () => undefined,
};

/** Options as a program without types may give them. */
const spec = (changes: object): unknown =>
  Cluster.childSpec({ ...given, ...changes } as unknown as typeof given);

const sinks = { transact: () => undefined, transactBatch: () => undefined };

test('a cluster is a supervisor, whose children have the limits', () => {
  expect(Cluster.childSpec({ ...given, shutdown: 5000, restart: 'transient' })).toMatchObject({
    id: 'prices',
    restart: 'transient',
    shutdown: Infinity,
    type: 'supervisor',
  });
});

test.each([
  [
    'no store',
    { store: {} },
    'Expected store to be a store, such as memory() or postgres(url), got {}',
  ],
  [
    'no client',
    { client: { url: 'x' } },
    'Expected client to be a function ({ key, data }) => …, got {"url":"x"}',
  ],
  ['no sink', { handle: undefined }, 'Expected one of handle, transact, transactBatch, got none'],
  [
    'two sinks',
    { transact: sinks.transact },
    'Expected one of handle, transact, transactBatch, got handle and transact',
  ],
  [
    'a sink that is no function',
    { handle: 5 },
    'Expected handle to be a function (event, { key, data, epoch, signal }) => …, got 5',
  ],
  [
    'maxBatch for single events',
    { maxBatch: 5 },
    'Expected maxBatch only with transactBatch, got it with handle',
  ],
  [
    'a misspelt option',
    { tll: 5000 },
    'Expected an option of Cluster.childSpec, got `tll`: did you mean `ttl`?',
  ],
  [
    'a name that is none',
    { node: '' },
    'Expected node to be a name without U+0000 and lone surrogates, got ""',
  ],
  [
    'streams in a set',
    { streams: new Set(['a']) },
    'Expected streams to be a list of keys, or a record from each key to its data, got an instance of Set',
  ],
  [
    'a time to refresh a list',
    { refresh: 5 },
    'Expected refresh only with a function as streams, got it without one',
  ],
  [
    'a list with a hole',
    { streams: [, 'a'] }, // oxlint-disable-line no-sparse-arrays
    'Expected the key of a stream to be a text without U+0000 and lone surrogates, got undefined',
  ],
  ['a key twice', { streams: ['a', 'b', 'a'] }, 'Expected each key of streams once, got "a" twice'],
])('%s is a TypeError', (_, changes, message) => {
  expect(() => spec(changes)).toThrow(new TypeError(message));
});

test.each([
  ['CFG-06 a ttl below a second', { ttl: 500 }, 'Expected ttl to be at least 1000 ms, got 500'],
  [
    'a list that is refreshed without a pause',
    { streams: () => [], refresh: 0 },
    'Expected refresh to be above 0 ms, got 0',
  ],
  [
    'a ttl without an end',
    { ttl: Infinity },
    'Expected ttl to be at most 86400000 ms, got Infinity',
  ],
  ['a ttl that is no number', { ttl: NaN }, 'Expected ttl to be at least 1000 ms, got NaN'],
  [
    'an empty batch',
    { handle: undefined, transactBatch: sinks.transactBatch, maxBatch: 0 },
    'Expected maxBatch to be a whole number from 1 on, got 0',
  ],
  [
    'no strike at all',
    { maxStrikes: 0 },
    'Expected maxStrikes to be a whole number from 1 to 1000, got 0',
  ],
  [
    'strikes without an end',
    { maxStrikes: Infinity },
    'Expected maxStrikes to be a whole number from 1 to 1000, got Infinity',
  ],
  ['a weight of 0', { weight: 0 }, 'Expected weight to be from 0.000001 to 1000000, got 0'],
  [
    'a weight whose sum would be none',
    { weight: 1e308 },
    'Expected weight to be from 0.000001 to 1000000, got 1e+308',
  ],
  [
    'a time to stop below 0',
    { shutdown: -1 },
    'Expected shutdown of child "prices" to be milliseconds from 0 on, Infinity or \'brutalKill\', got -1',
  ],
])('%s is a RangeError', (_, changes, message) => {
  expect(() => spec(changes)).toThrow(new RangeError(message));
});

test('a start has the limits of a child spec', async () => {
  const { id: _, ...options } = given;
  const system = createSystem();
  await expect(Cluster.startLink(system, { ...options, shutdown: NaN })).rejects.toThrow(
    new RangeError(
      'Expected shutdown of child "cluster" to be milliseconds from 0 on, Infinity or \'brutalKill\', got NaN',
    ),
  );
  await system.stop();
});

test('a name of more than 1,024 bytes is a RangeError, and is shown', () => {
  expect(spec({ node: 'é'.repeat(512) })).toMatchObject({ id: 'prices' });
  const start = (): unknown => spec({ node: 'é'.repeat(512) + 'x' });
  expect(start).toThrow(RangeError);
  expect(start).toThrow('Expected node to be a name of at most 1024 bytes, got 1025 in "éé');
});

test.each([
  ['empty', '', TypeError],
  ['with U+0000', 'a\0b', TypeError],
  ['with a lone surrogate', 'a\uD800', TypeError],
  ['of 1,025 bytes', 'é'.repeat(512) + 'x', RangeError],
  ['that is no text', 7, TypeError],
])('CFG-07 a key %s is refused, and shown', (_, key, kind) => {
  const start = (): unknown => spec({ streams: [key] });
  expect(start).toThrow(kind);
  expect(start).toThrow(describe(key));
});

test.each(['𝄞'.repeat(256), "'; drop table owners", '__proto__'])(
  'CFG-07 the key %j is one',
  (key) => {
    expect(spec({ streams: [key] })).toMatchObject({ id: 'prices' });
    expect(spec({ streams: JSON.parse(`{${JSON.stringify(key)}: 1}`) })).toMatchObject({
      id: 'prices',
    });
  },
);
