import { expect, test } from '@jest/globals';
import { ExitError } from '@reprise/actor';
import { advance } from '@reprise/actor/testing';

import { Cluster } from '../../src/index.ts';
import { openStage, ttl } from '../support/stage.ts';

test('an event reaches the sink with the key, the data, the epoch and the signal of its stream', async () => {
  await using stage = await openStage();
  const got = Promise.withResolvers<Cluster.Owned<{ readonly room: number }>>();
  await Cluster.startLink(stage.system, {
    store: stage.store,
    node: 'one',
    streams: { a: { room: 7 } },
    client: ({ key, data }) => ({ url: `${stage.source.url}${key}?room=${data.room}` }),
    handle: (_event, owned) => {
      got.resolve(owned);
    },
  });
  stage.source.stream('a').produce();
  await advance(stage.system, 1000);
  const { key, data, epoch, signal } = await got.promise;
  expect({ key, data, isAborted: signal.aborted }).toEqual({
    key: 'a',
    data: { room: 7 },
    isAborted: false,
  });
  expect(epoch).toBeGreaterThan(1_700_000_000_000);
});

test('a node that joins takes its share, and what moves goes on after its last event', async () => {
  await using stage = await openStage();
  await stage.start('one');
  await advance(stage.system, 500);
  const before = await stage.produce('a', 'b', 'c');
  expect(before.map(({ node, key, id }) => `${node} ${key} ${id}`)).toEqual([
    'one a 1',
    'one b 1',
    'one c 1',
  ]);
  await stage.start('two');
  await advance(stage.system, 2000);
  const after = await stage.produce('a', 'b', 'c');
  const moved = after.filter(({ node }) => node === 'two');
  expect(moved).toHaveLength(1);
  expect(after.map(({ id }) => id)).toEqual(['2', '2', '2']);
  for (const { key, epoch } of moved) {
    expect(epoch).toBeGreaterThan(before.find((event) => event.key === key)?.epoch ?? Infinity);
  }
});

test('the owner of a stream is known on each node', async () => {
  await using stage = await openStage();
  const one = await stage.start('one');
  expect(await Cluster.owner(one, 'a')).toBeUndefined();
  await advance(stage.system, 500);
  expect(await Cluster.owner(one, 'a')).toBe('one');
  const two = await stage.start('two');
  await advance(stage.system, 2000);
  const owners = await Promise.all(['a', 'b', 'c'].map((key) => Cluster.owner(two, key)));
  expect(owners.filter((name) => name === 'two')).toHaveLength(1);
  expect(owners.filter((name) => name === 'one')).toHaveLength(2);
  const refused = await Cluster.owner(one, '').catch(String);
  expect(refused).toMatch('Expected the key of a stream');
});

test('OWN-11 a second node of a name is refused with the place of the first, which notices nothing', async () => {
  await using stage = await openStage();
  const first = await stage.start('one');
  const second = stage.start('one').catch((thrown: unknown) => thrown);
  await advance(stage.system, ttl);
  const error = await second;
  expect(error).toBeInstanceOf(ExitError);
  expect(String(error)).toMatch(
    /StartError: Expected node "one" to be the only one of its name, got process \d+ on \S+, which is alive: give each node a name of its own by the option `node`$/,
  );
  expect(Cluster.exitStatus((error as ExitError).reason, 1)).toBe(3);
  expect(Cluster.status(first).node.phase).toBe('member');
});
