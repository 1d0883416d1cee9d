import { expect, test } from '@jest/globals';

import { SmallWorld } from './support/small-world.ts';

const ttl = 1000;
const keysOf = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `stream ${at}`);

/** Nodes on a store whose clock goes as theirs. */
function freshWorld(names: readonly string[], count: number): SmallWorld {
  const world = new SmallWorld(ttl, keysOf(count));
  world.rate = 1;
  for (const name of names) {
    world.add(name);
  }
  return world;
}

/** All streams run. */
function worldOf(names: readonly string[], count: number): SmallWorld {
  const world = freshWorld(names, count);
  world.run(5 * ttl);
  world.clear();
  return world;
}

interface Poison {
  /** How long after its start it kills its node, in ms. Default: at once. */
  readonly delay?: number;
  readonly options?: Parameters<SmallWorld['add']>[1];
  readonly restarted?: (node: SmallWorld['nodes'][number]) => void;
}

/** Goes on for so many ms. A node that runs the stream dies of it, and starts again. */
function runWithPoison(
  world: SmallWorld,
  key: string,
  ms: number,
  { delay = 0, options, restarted = () => undefined }: Poison = {},
): number {
  let deaths = 0;
  let due: { readonly at: number; readonly name: string }[] = [];
  for (let passed = 0; passed < ms; passed += 50) {
    const before = world.log.length;
    world.run(50);
    for (const { at, name, action } of world.log.slice(before)) {
      const isStart = action.type === 'start' && action.claim.key === key;
      due.push(...(isStart ? [{ at: at + delay, name }] : []));
    }
    const now = due.filter(({ at }) => at <= world.now);
    due = due.filter((each) => !now.includes(each));
    for (const node of world.nodes.filter(({ name }) => world.owners[key] === name)) {
      if (node.isUp && now.some(({ name }) => name === node.name)) {
        deaths += 1;
        world.kill(node);
        restarted(world.add(node.name, options));
      }
    }
  }
  return deaths;
}

test('POI-02 POI-03 a stream that kills its process kills five, and is parked; every other stream runs within a minute', () => {
  const world = freshWorld(['a', 'b', 'c'], 60);
  expect(runWithPoison(world, 'stream 7', 60_000)).toBe(5);
  expect(world.tables.survey(1)).toMatchObject({
    streams: { total: 60, free: 0, parked: 1 },
    rows: [{ key: 'stream 7', strikes: 5, parked: expect.stringContaining('5 nodes') }],
  });
  expect(runWithPoison(world, 'stream 7', 60_000)).toBe(0);
  expect(world.tables.survey(0).streams.suspects).toBe(0);
});

test('POI-02 POI-03 a stream that kills its process three seconds after each start, without an event handled before, kills five', () => {
  const options = {
    firstHandledAt: (key: string) => (key === 'stream 7' ? undefined : -Infinity),
  };
  const world = new SmallWorld(ttl, keysOf(20));
  world.rate = 1;
  for (const name of ['a', 'b', 'c']) {
    world.add(name, options);
  }
  expect(runWithPoison(world, 'stream 7', 90_000, { delay: 3000, options })).toBe(5);
  expect(world.tables.survey(1)).toMatchObject({
    streams: { total: 20, free: 0, suspects: 0, parked: 1 },
    rows: [{ key: 'stream 7', strikes: 5 }],
  });
});

test('POI-02 a stream whose first event comes late, and that kills its process a second after it, kills five', () => {
  const world = new SmallWorld(ttl, keysOf(20));
  world.rate = 1;
  const firstHandledAt = (key: string): number | undefined => {
    const start = world.log.findLast(
      ({ action }) => action.type === 'start' && action.claim.key === key,
    );
    const at = (start?.at ?? Infinity) + (key === 'stream 7' ? 1500 : 0);
    return at <= world.now ? at : undefined;
  };
  const options = { firstHandledAt };
  for (const name of ['a', 'b', 'c']) {
    world.add(name, options);
  }
  expect(runWithPoison(world, 'stream 7', 90_000, { delay: 2500, options })).toBe(5);
  expect(world.tables.survey(1).rows).toMatchObject([{ key: 'stream 7', strikes: 5 }]);
});

test.each([4, 5])(
  'POI-02 a stream whose first handler kills its process after half a minute kills %i',
  (maxStrikes) => {
    const firstHandledAt = (key: string): number => (key === 'stream 7' ? Infinity : -Infinity);
    const options = { firstHandledAt, maxStrikes };
    const world = new SmallWorld(ttl, keysOf(20));
    world.rate = 1;
    for (const name of ['a', 'b', 'c']) {
      world.add(name, options);
    }
    const deaths = runWithPoison(world, 'stream 7', 400_000, { delay: 30_000, options });
    expect(deaths).toBe(maxStrikes);
    expect(world.tables.survey(1)).toMatchObject({
      streams: { total: 20, free: 0, suspects: 0, parked: 1 },
      rows: [{ key: 'stream 7', strikes: maxStrikes }],
    });
  },
);

test('a suspect whose first handler does not settle holds up no other for longer than twenty seconds', () => {
  const options = { firstHandledAt: () => Infinity, maxStrikes: 3 };
  const world = new SmallWorld(ttl, keysOf(4));
  world.rate = 1;
  const start = () => world.add('a', options);
  for (let node = start(), death = 0; death < 2; death += 1, node = start()) {
    world.run(5 * ttl);
    world.kill(node);
  }
  world.run(10_000);
  expect(world.owned).toMatchObject({ a: expect.any(Number) });
  world.run(80_000);
  expect(world.tables.survey(0).streams).toMatchObject({ free: 0, parked: 0, suspects: 4 });
});

test.each([
  ['three seconds after its first event has no strikes any more', 3000, 0],
  ['one second after its first event keeps them', 1000, undefined],
])('a stream that stops in order %s', (_, ms, strikes) => {
  const world = new SmallWorld(ttl, keysOf(1));
  const options = { firstHandledAt: () => undefined };
  const a = world.add('a', options);
  world.run(ttl);
  world.kill(a);
  const b = world.add('b', options);
  world.run(5000);
  const [{ key, epoch } = { key: '', epoch: 0 }] = world
    .actions('start')
    .slice(1)
    .map(({ action }) => action.claim);
  world.clear();
  world.step(b, {
    type: 'stopped',
    stream: { key, epoch },
    outcome: 'drained',
    firstHandledAt: world.now - ms,
  });
  world.run(100);
  expect(world.requests('release').flatMap(({ rows }) => rows)).toMatchObject([{ key, epoch }]);
  expect(world.requests('release')[0]?.rows[0]?.strikes).toBe(strikes);
});

test('a stream that has handled no event keeps its strikes for twenty seconds', () => {
  const world = new SmallWorld(ttl, keysOf(4));
  world.rate = 1;
  const [a] = ['a', 'b'].map((name) => world.add(name, { firstHandledAt: () => undefined }));
  world.run(5 * ttl);
  world.kill(a as NonNullable<typeof a>);
  world.run(19_000);
  expect(world.tables.survey(0).streams.suspects).toBe(2);
  world.run(4000);
  expect(world.tables.survey(0).streams.suspects).toBe(0);
});

test.each([
  [1, 1],
  [7, 7],
])('with %i as the most strikes, a stream that kills its process kills %i', (maxStrikes, kills) => {
  const world = new SmallWorld(ttl, ['poison']);
  world.rate = 1;
  const options = { maxStrikes };
  world.add('a', options);
  world.add('b', options);
  expect(runWithPoison(world, 'poison', 120_000, { options })).toBe(kills);
  expect(world.tables.survey(1).rows).toMatchObject([{ strikes: kills }]);
});

test('the neighbours of a stream that is parked after three deaths are not', () => {
  const world = new SmallWorld(ttl, keysOf(20));
  world.rate = 1;
  const options = { maxStrikes: 3 };
  for (const name of ['a', 'b', 'c']) {
    world.add(name, options);
  }
  expect(runWithPoison(world, 'stream 7', 60_000, { options })).toBe(3);
  expect(world.tables.survey(0).streams).toMatchObject({ free: 0, parked: 1 });
});

test('a store that was away makes no strikes: the nodes live', () => {
  const world = worldOf(['a', 'b', 'c'], 12);
  world.fate = () => 'lost';
  world.run(2 * ttl);
  world.fate = () => 'answered';
  world.clear();
  world.run(3 * ttl);
  const starts = world.actions('start').map(({ action }) => action.claim.strikes);
  expect(starts).toHaveLength(12);
  expect(new Set(starts)).toEqual(new Set([0]));
});

test('POI-05 a parked stream is tried again after an hour, and parked again by one death', () => {
  const world = freshWorld(['a', 'b'], 4);
  expect(runWithPoison(world, 'stream 1', 60_000)).toBe(5);
  world.date += 3_600_000;
  expect(runWithPoison(world, 'stream 1', 60_000)).toBe(1);
  expect(world.tables.survey(1).streams.parked).toBe(1);
});

test('POI-02 a stream of which two releases have other data ends six processes at most', () => {
  const world = freshWorld(['a', 'b'], 4);
  const specs = new Map([['stream 1', 'other data']]);
  const restarted: Poison['restarted'] = (node) => {
    if (node.name === 'b') {
      world.step(node, { type: 'listed', keys: keysOf(4), specs });
    }
  };
  const deaths = runWithPoison(world, 'stream 1', 120_000, { restarted });
  expect(deaths).toBeLessThanOrEqual(6);
  expect(world.tables.survey(1).streams.parked).toBe(1);
});

test('POI-04 processes that die a second after their start, again and again, park no stream', () => {
  const world = freshWorld(['a', 'b', 'c'], 60);
  for (let round = 0; round < 10; round += 1) {
    world.run(1000);
    for (const node of world.nodes.filter(({ isUp }) => isUp)) {
      world.kill(node);
      world.add(node.name);
    }
  }
  world.run(60_000);
  expect(world.tables.survey(0).streams).toMatchObject({ free: 0, parked: 0 });
});

test('streams of a node that died have no strikes any more once they have run for two seconds', () => {
  const world = worldOf(['a', 'b'], 4);
  const [a] = world.nodes;
  world.kill(a as NonNullable<typeof a>);
  world.run(1.5 * ttl);
  expect(world.tables.survey(0).streams.suspects).toBe(2);
  world.run(3 * ttl);
  expect(world.tables.survey(0).streams.suspects).toBe(0);
});

test('a stream that moves to another node soon after a death has no strikes there for long', () => {
  const world = worldOf(['a', 'b'], 12);
  const [a] = world.nodes;
  world.kill(a as NonNullable<typeof a>);
  world.run(1.5 * ttl);
  world.add('c');
  world.run(6 * ttl);
  expect(world.tables.survey(0).streams.suspects).toBe(0);
});

test('POI-06 a client that gives up while its strikes are cleared is parked', () => {
  const world = worldOf(['a', 'b'], 2);
  const [a] = world.nodes;
  world.kill(a as NonNullable<typeof a>);
  world.before = (request, node) => {
    const [row] = request.type === 'release' ? request.rows : [];
    if (row?.strikes === 0) {
      world.before = () => undefined;
      world.step(node, { type: 'stopped', stream: row, outcome: 'gaveUp' });
    }
  };
  world.run(6 * ttl);
  expect(world.tables.survey(2)).toMatchObject({ streams: { total: 2, parked: 1 } });
});

test('a stream that left the list as it was claimed has no strike, and is not parked', () => {
  const world = worldOf(['a'], 1);
  const [node] = world.nodes;
  const stream = { key: 'stream 0', epoch: world.tables.owner('stream 0')?.epoch ?? 0 };
  const event = { type: 'stopped', stream, outcome: 'removed' } as const;
  world.step(node as NonNullable<typeof node>, event);
  expect(world.tables.survey(1)).toMatchObject({
    streams: { parked: 0 },
    rows: [{ key: 'stream 0', strikes: 0 }],
  });
});

test('nodes that die one after the other within a minute do not delay the streams of the last', () => {
  const world = worldOf(['a', 'b', 'c'], 60);
  for (const [index, node] of world.nodes.slice(0, 3).entries()) {
    world.kill(node);
    world.add(`next ${index}`);
    world.run(3 * ttl);
    expect(world.tables.survey(0).streams.free).toBe(0);
    world.run(2 * ttl);
  }
});

test('POI-06 a stream whose client gave up is tried again in a minute, on any node', () => {
  const world = worldOf(['a', 'b'], 1);
  const [node] = world.nodes.filter(({ core }) => core.owned === 1);
  const epoch = world.tables.owner('stream 0')?.epoch ?? 0;
  const stream = { key: 'stream 0', epoch };
  const event = { type: 'stopped', stream, outcome: 'gaveUp', reason: 'HTTP 404' } as const;
  world.step(node as NonNullable<typeof node>, event);
  world.run(55_000);
  expect(world.actions('start')).toEqual([]);
  expect(node?.core.troubled.parked).toMatchObject([{ strikes: 1, reason: 'HTTP 404' }]);
  world.run(10_000);
  expect(world.actions('start')).toHaveLength(1);
});

test('POI-06 a stream that has ended is run again only when its spec has changed', () => {
  const world = worldOf(['a', 'b'], 1);
  const [node] = world.nodes.filter(({ core }) => core.owned === 1);
  const epoch = world.tables.owner('stream 0')?.epoch ?? 0;
  const event = { type: 'stopped', stream: { key: 'stream 0', epoch }, outcome: 'ended' } as const;
  world.step(node as NonNullable<typeof node>, event);
  const keys = ['stream 0'];
  world.step(node as NonNullable<typeof node>, { type: 'listed', keys });
  world.run(20_000);
  expect(world.actions('start')).toEqual([]);
  const specs = new Map([['stream 0', 'another']]);
  world.step(node as NonNullable<typeof node>, { type: 'listed', keys, specs });
  world.run(3 * ttl);
  expect(world.actions('start')).toHaveLength(1);
});

test('LIST-01 two lists lie side by side: each node runs only its own, and nothing moves', () => {
  const world = worldOf(['a', 'b'], 10);
  const c = world.add('c');
  world.step(c, { type: 'listed', keys: [...keysOf(10), 'new 1', 'new 2'] });
  world.run(20 * ttl);
  expect(world.nodes.map(({ core }) => core.owned)).toEqual([5, 5, 2]);
  expect(world.actions('stop')).toEqual([]);
  for (const node of world.nodes.slice(0, 2)) {
    world.step(node, { type: 'drain' });
    world.run(5 * ttl);
  }
  expect(c.core.owned).toBe(12);
});

test('LIST-01 nodes of a list share evenly also while nodes of another one own streams of it', () => {
  const world = worldOf(['old 1', 'old 2'], 60);
  const listing = { type: 'listed', keys: [...keysOf(60), 'new'] } as const;
  world.step(world.add('new 1'), listing);
  world.kill(world.nodes[1] as NonNullable<(typeof world.nodes)[1]>);
  world.run(5 * ttl);
  world.step(world.add('new 2'), listing);
  world.run(10 * ttl);
  const [old = 0, , first = 0, second = 0] = world.nodes.map(({ core }) => core.owned);
  expect(old + first + second).toBe(61);
  expect(first + second).toBeGreaterThan(20);
  expect(Math.abs(first - second)).toBeLessThanOrEqual(1);
  world.clear();
  world.run(10 * ttl);
  expect(world.actions('stop')).toEqual([]);
});

test('LIST-01 a node with an empty list takes no share', () => {
  const world = worldOf(['a', 'b'], 10);
  world.step(world.add('c'), { type: 'listed', keys: [] });
  world.run(10 * ttl);
  expect(world.nodes.map(({ core }) => core.owned)).toEqual([5, 5, 0]);
  expect(world.actions('stop')).toEqual([]);
});

test('LIST-01 nodes whose lists become the same share the streams evenly', () => {
  const world = worldOf(['a', 'b'], 12);
  const c = world.add('c');
  world.step(c, { type: 'listed', keys: ['stream 3'] });
  world.run(5 * ttl);
  expect(world.nodes.map(({ core }) => core.owned)).toEqual([6, 6, 0]);
  world.step(c, { type: 'listed', keys: keysOf(12).toReversed() });
  world.run(5 * ttl);
  expect(world.nodes.map(({ core }) => core.owned)).toEqual([4, 4, 4]);
});

test('REB-11 a node whose thread is busy gets no stream while others have time', () => {
  const world = worldOf(['a', 'b'], 12);
  let busy = 0.99;
  const c = world.add('c', { busy: () => busy });
  world.run(5 * ttl);
  world.kill(world.nodes[0] as NonNullable<(typeof world.nodes)[0]>);
  world.run(5 * ttl);
  expect([world.nodes[1]?.core.owned, c.core.owned]).toEqual([12, 0]);
  busy = 0.5;
  world.run(5 * ttl);
  expect([world.nodes[1]?.core.owned, c.core.owned]).toEqual([6, 6]);
});
