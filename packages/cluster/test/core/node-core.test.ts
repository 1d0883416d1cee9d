import { expect, test } from '@jest/globals';

import type { Request } from '../../src/core.ts';
import { SmallWorld } from './support/small-world.ts';

const ttl = 3000;
const keysOf = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `stream ${at}`);

function worldOf([first, ...others]: readonly [string, ...string[]], count: number) {
  const world = new SmallWorld(ttl, keysOf(count));
  const nodes = [world.add(first), ...others.map((name) => world.add(name))] as const;
  world.run(5000);
  world.clear();
  return { world, nodes };
}

const spread = (values: Readonly<Record<string, number>>): readonly number[] =>
  Object.values(values).toSorted((a, b) => a - b);

test('OWN-01 REB-01 nodes that start at once share the streams', () => {
  expect(worldOf(['a', 'b', 'c'], 60).world.owned).toEqual({ a: 20, b: 20, c: 20 });
  expect(spread(worldOf(['a', 'b', 'c'], 10).world.owned)).toEqual([3, 3, 4]);
  expect(spread(worldOf(['a', 'b', 'c', 'd'], 2).world.owned)).toEqual([0, 0, 1, 1]);
});

test('OWN-02 REB-06 nothing moves while nothing changes: renewals and looks are all that the store sees', () => {
  const { world } = worldOf(['a', 'b', 'c'], 10);
  world.run(10 * ttl);
  const types = new Set(world.actions('ask').map(({ action }) => action.request.type));
  expect(types).toEqual(new Set(['observe', 'renew', 'watch']));
  expect(world.requests('observe')).toHaveLength(120);
});

test('OWN-03 the streams of a node that dies are elsewhere within T + 1 s, and no other moves', () => {
  const { world, nodes } = worldOf(['a', 'b', 'c'], 60);
  world.kill(nodes[0]);
  const diedAt = world.now;
  world.run(ttl + 1000);
  expect(world.owned).toEqual({ a: 0, b: 30, c: 30 });
  const starts = world.actions('start');
  expect(starts).toHaveLength(20);
  expect(Math.max(...starts.map(({ at }) => at)) - diedAt).toBeLessThan(ttl + 1000);
});

test('REB-02 a node that joins three gets its share, and nothing else moves', () => {
  const { world } = worldOf(['a', 'b', 'c'], 60);
  world.add('d');
  world.run(5000);
  expect(world.owned).toEqual({ a: 15, b: 15, c: 15, d: 15 });
  const starts = world.actions('start');
  expect(starts).toHaveLength(15);
  expect(starts.every(({ name }) => name === 'd')).toBe(true);
});

test('REB-08 the streams of a node that dies again and again move at most once within T', () => {
  const { world, nodes } = worldOf(['a', 'b', 'c'], 60);
  let [flapping] = nodes;
  for (let times = 0; times < 10; times += 1) {
    world.kill(flapping);
    flapping = world.add('a');
    world.run(3 * ttl);
  }
  expect(world.owned).toEqual({ a: 20, b: 20, c: 20 });
  const starts = world
    .actions('start')
    .map(({ at, name, action }) => ({ at, name, ...action.claim }));
  for (const moves of Map.groupBy(starts, ({ key }) => key).values()) {
    const pauses = moves.slice(1).map(({ at }, index) => at - (moves[index]?.at ?? 0));
    expect(Math.min(...pauses, Infinity)).toBeGreaterThanOrEqual(ttl);
  }
  // No stream goes from one of the others to another.
  expect(starts.filter(({ name }) => name !== 'a')).toHaveLength(200);
});

test('REB-03 a node that drains gives all its streams to others and leaves; nothing waits for T', () => {
  const { world, nodes } = worldOf(['a', 'b', 'c'], 300);
  world.step(nodes[0], { type: 'drain' });
  world.run(1500);
  expect(nodes[0].core.phase).toBe('left');
  expect(world.owned).toEqual({ a: 0, b: 150, c: 150 });
  const stoppedAt = new Map(world.actions('stop').map(({ at, action }) => [action.stream.key, at]));
  const gaps = world
    .actions('start')
    .map(({ at, action }) => at - (stoppedAt.get(action.claim.key) ?? 0));
  expect(Math.max(...gaps)).toBeLessThan(1000);
});

test('REB-03 a node that drains claims no stream that was to start anew', () => {
  const { world, nodes } = worldOf(['a', 'b'], 2);
  const [key] = Object.entries(world.owners).flatMap(([each, owner]) =>
    owner === 'a' ? each : [],
  );
  world.before = ({ type }, node) => {
    if (type === 'release') {
      world.before = () => undefined;
      world.step(node, { type: 'drain' });
    }
  };
  const keys = Object.keys(world.owners);
  world.step(nodes[0], { type: 'listed', keys, changed: keys.filter((each) => each === key) });
  world.run(ttl);
  expect(world.requests('claim').filter(({ id }) => id === nodes[0].core.id)).toEqual([]);
  expect(world.owned).toEqual({ a: 0, b: 2 });
});

test('REB-03 a node that drains alone does not wait', () => {
  const { world, nodes } = worldOf(['a'], 10);
  world.step(nodes[0], { type: 'drain' });
  expect(nodes[0].core.phase).toBe('left');
  expect(world.requests('release').flatMap(({ rows }) => rows)).toHaveLength(10);
});

test('a node that drains before it has joined leaves', () => {
  const world = new SmallWorld(ttl, ['x']);
  world.fate = () => 'lost';
  const node = world.add('a');
  world.step(node, { type: 'drain' });
  world.run(1000);
  expect(node.core.phase).toBe('left');
});

test('REB-12 1,000 free streams are taken by 100 a look', () => {
  const world = new SmallWorld(ttl, keysOf(1000));
  world.add('a');
  world.run(10_000);
  expect(world.owned).toEqual({ a: 1000 });
  expect(Math.max(...world.requests('claim').map(({ wanted }) => wanted.length))).toBe(100);
});

test('OWN-08 a claim whose answer was lost is found in the next view, claimed again, and started once', () => {
  const world = new SmallWorld(ttl, ['x', 'y']);
  let lost = 0;
  world.fate = ({ type }) => (type === 'claim' && (lost += 1) === 1 ? 'executed' : 'answered');
  world.add('a');
  world.run(2000);
  expect(world.requests('claim').map(({ wanted }) => wanted.length)).toEqual([2, 2]);
  const starts = world.actions('start').map(({ action }) => action.claim);
  expect(starts.map(({ key, epoch }) => `${key} ${epoch}`)).toEqual(['x 2', 'y 2']);
});

test('a stream that is claimed in vain waits for the next view', () => {
  const { world, nodes } = worldOf(['a'], 2);
  const { epoch } = world.tables.owner('stream 0') ?? { epoch: 0 };
  const { core } = nodes[0];
  world.step(nodes[0], { type: 'stopped', stream: { key: 'stream 0', epoch }, outcome: 'crashed' });
  // A claim of an earlier time is executed late.
  world.tables.claim(core.id, [{ key: 'stream 0', epoch, deadFor: 0, strikes: 0 }]);
  world.run(1000);
  const claims = world.requests('claim').map(({ wanted }) => wanted[0]?.epoch);
  expect(claims).toEqual([epoch, epoch + 1]);
  expect(world.actions('start')).toHaveLength(1);
});

test.each(['executed', 'lost'] as const)(
  'a release whose answer was lost is resolved by the next view: %s',
  (fate) => {
    const { world, nodes } = worldOf(['a', 'b'], 4);
    let lost = 0;
    world.fate = ({ type }) => (type === 'release' && (lost += 1) === 1 ? fate : 'answered');
    world.step(nodes[0], { type: 'drain' });
    world.run(3000);
    expect(world.owned).toEqual({ a: 0, b: 4 });
    expect(nodes[0].core.phase).toBe('left');
  },
);

test('only one of observe, claim, release and leave is in flight', () => {
  const world = new SmallWorld(ttl, keysOf(40));
  const asked: string[] = [];
  const exclusive: readonly Request['type'][] = ['observe', 'claim', 'release', 'leave'];
  const node = world.add('a');
  world.fate = ({ type }) => {
    asked.push(type);
    return exclusive.includes(type) ? 'lost' : 'answered';
  };
  world.run(3000);
  // A claim or a release after a lost answer has to wait for a view.
  expect(asked.filter((type) => type === 'claim' || type === 'release')).toEqual([]);
  expect(node.core.phase).toBe('member');
});

test('a stream that a view lacks stops at once', () => {
  const { world, nodes } = worldOf(['a'], 2);
  const { epoch } = world.tables.owner('stream 0') ?? { epoch: 0 };
  world.date = 1e6;
  world.tables.claim(nodes[0].core.id, [{ key: 'stream 0', epoch, deadFor: 0, strikes: 0 }]);
  world.run(1000);
  expect(world.actions('stop').map(({ action }) => action)).toEqual([
    { type: 'stop', stream: { key: 'stream 0', epoch }, how: 'atOnce' },
  ]);
  expect(world.actions('start').map(({ action }) => action.claim.epoch)).toEqual([1e6 + 1]);
});

test('FENCE-05 a stream whose write was refused stops, and is claimed again if it is still its own', () => {
  const { world, nodes } = worldOf(['a'], 1);
  const { epoch } = world.tables.owner('stream 0') ?? { epoch: 0 };
  world.step(nodes[0], { type: 'refused', stream: { key: 'stream 0', epoch } });
  expect(world.actions('stop')).toHaveLength(1);
  expect(world.actions('start').map(({ action }) => action.claim.epoch)).toEqual([epoch + 1]);
});

/** The client of the first stream crashes, now: the time is the result. */
function crashClient(
  world: SmallWorld,
  node: SmallWorld['nodes'][number],
  firstHandledAt?: number,
): number {
  const { epoch } = world.tables.owner('stream 0') ?? { epoch: 0 };
  world.clear();
  const stream = { key: 'stream 0', epoch };
  world.step(node, { type: 'stopped', stream, outcome: 'crashed', firstHandledAt });
  return world.now;
}

test('a client that crashes is started again by a claim, later each time, and given up at the fourth', () => {
  const { world, nodes } = worldOf(['a'], 1);
  const starts: number[] = [];
  for (let crash = 0; crash < 4; crash += 1) {
    const crashedAt = crashClient(world, nodes[0]);
    world.run(500);
    starts.push(...world.actions('start').map(({ at }) => at - crashedAt));
  }
  expect(starts).toEqual([100, 200, 400]);
  expect(world.requests('release').flatMap(({ rows }) => rows)).toMatchObject([
    { key: 'stream 0', outcome: 'crashed', strikes: 1, parked: { retryIn: 2000 } },
  ]);
  world.run(1000);
  expect(world.actions('start')).toEqual([]);
  // By the clock of the store.
  world.date = 2000;
  world.run(1500);
  expect(world.actions('start')).toHaveLength(1);
});

test.each([
  ['the same event, is given up at the fourth, however far apart', undefined, [1, 2, 3, undefined]],
  ['another event each time starts afresh', 0, [1, 1, 1, 1]],
])('POI-01 a client that crashes by %s', (_, firstHandledAt, expected) => {
  const { world, nodes } = worldOf(['a'], 1);
  const delays = expected.map(() => {
    const crashedAt = crashClient(world, nodes[0], firstHandledAt);
    world.run(60_000);
    const [start] = world.actions('start');
    return start === undefined ? undefined : Math.log2((start.at - crashedAt) / 100) + 1;
  });
  expect(delays).toEqual(expected);
});

test('a stream that has ended is released, and not claimed again', () => {
  const { world, nodes } = worldOf(['a'], 1);
  const { epoch } = world.tables.owner('stream 0') ?? { epoch: 0 };
  const stream = { key: 'stream 0', epoch };
  world.step(nodes[0], { type: 'stopped', stream, outcome: 'ended', cursor: '7' });
  world.run(2 * ttl);
  expect(world.tables.owner('stream 0')).toMatchObject({ owner: undefined, cursor: '7' });
  expect(world.actions('start')).toEqual([]);
});

test('a stream that is not listed any more stops in order', () => {
  const { world, nodes } = worldOf(['a'], 2);
  world.step(nodes[0], { type: 'listed', keys: ['stream 1'] });
  world.run(1000);
  expect(world.requests('release').flatMap(({ rows }) => rows)).toMatchObject([
    { key: 'stream 0', outcome: 'removed' },
  ]);
  expect(world.owned).toEqual({ a: 1 });
});

test('LIST-02 a stream that leaves the list, and is back before the next look, starts anew', () => {
  const { world, nodes } = worldOf(['a'], 2);
  world.fate = ({ type }) => (type === 'declare' ? 'lost' : 'answered');
  world.step(nodes[0], { type: 'listed', keys: ['stream 1'] });
  world.step(nodes[0], { type: 'listed', keys: ['stream 0', 'stream 1'] });
  world.fate = () => 'answered';
  world.run(1000);
  expect(world.actions('start').map(({ action }) => action.claim.key)).toEqual(['stream 0']);
  expect(world.owned).toEqual({ a: 2 });
});

test('a node declares its streams again, while it runs them, until no row is passed by', () => {
  const world = new SmallWorld(ttl, ['stream 0', 'stream 1']);
  world.isLocked = true;
  world.add('a');
  world.clear();
  world.run(ttl);
  expect(world.owned).toEqual({ a: 2 });
  expect(world.requests('declare')).toHaveLength(4);
  world.isLocked = false;
  world.run(ttl / 4);
  expect(world.requests('declare')).toHaveLength(5);
  world.run(10 * ttl);
  expect(world.requests('declare')).toHaveLength(5);
});

test('OWN-11 a name that a live node has is refused', () => {
  const { world } = worldOf(['a'], 2);
  const twin = world.add('a');
  world.run(ttl);
  expect(world.actions('refuse')[0]?.action.holder).toMatchObject({ name: 'a', pid: 1 });
  expect(twin.core.phase).toBe('joining');
  expect(world.actions('fence')).toEqual([]);
});

test('OWN-12 LEASE-14 a node waits for the lease of a dead one with its name, and takes its streams', () => {
  const { world, nodes } = worldOf(['a'], 2);
  world.run(700);
  world.kill(nodes[0]);
  world.run(0.9 * ttl);
  world.clear();
  const next = world.add('a');
  const startedAt = world.now;
  world.run(ttl - 1);
  expect(world.actions('warn')).toHaveLength(1);
  expect(world.requests('observe').flatMap(({ dead }) => dead)).toEqual([]);
  world.run(1000);
  expect(next.core.phase).toBe('member');
  expect(world.actions('start')).toHaveLength(2);
  expect((world.actions('start')[0]?.at ?? 0) - startedAt).toBeLessThan(ttl + 1000);
  expect(world.actions('refuse')).toEqual([]);
});

test('a node that was fenced leaves its old row, and is back before others would bury it', () => {
  const { world, nodes } = worldOf(['a', 'b'], 4);
  world.fate = (_, { name }) => (name === 'a' ? 'lost' : 'answered');
  world.run(0.9 * ttl);
  expect(world.actions('fence')).toHaveLength(1);
  world.fate = () => 'answered';
  world.run(700);
  expect(nodes[0].core.phase).toBe('member');
  expect(world.owned).toEqual({ a: 2, b: 2 });
});

test('PGC-05 each node takes its own streams back when the store was away, though one is back first', () => {
  const { world, nodes } = worldOf(['a', 'b', 'c'], 60);
  const before = world.owners;
  const backAt = [0, 200, 400].map((ms) => world.now + 3 * ttl + ms);
  world.fate = (_, node) => (world.now < (backAt[nodes.indexOf(node)] ?? 0) ? 'lost' : 'answered');
  world.run(3 * ttl + 3000);
  expect(world.owners).toEqual(before);
});

test('PGC-05 streams whose handlers crash while the store is away go back to their nodes, too', () => {
  const { world, nodes } = worldOf(['a', 'b', 'c'], 60);
  const before = world.owners;
  const backAt = [0, 200, 400].map((ms) => world.now + 3 * ttl + ms);
  world.fate = (_, node) => (world.now < (backAt[nodes.indexOf(node)] ?? 0) ? 'lost' : 'answered');
  for (const node of nodes) {
    for (const key of Object.keys(before).filter((each) => before[each] === node.name)) {
      const { epoch } = world.tables.owner(key) ?? { epoch: 0 };
      world.step(node, { type: 'stopped', stream: { key, epoch }, outcome: 'crashed' });
    }
  }
  world.run(3 * ttl + 3000);
  expect(world.owners).toEqual(before);
});

test('a node whose lease ends again before it has its streams back leaves the others theirs for as long again', () => {
  const { world, nodes } = worldOf(['a', 'b', 'c'], 60);
  const before = world.owners;
  const awayFrom = world.now + 3 * ttl + 1000;
  const backAt = awayFrom + 3 * ttl;
  world.fate = ({ type }, node) => {
    const isFirstBack = node === nodes[0] && world.now >= awayFrom - 1000 && world.now < awayFrom;
    const isBack = world.now >= backAt + 500 * nodes.indexOf(node);
    return (isFirstBack && type !== 'claim') || isBack ? 'answered' : 'lost';
  };
  world.run(6 * ttl + 1000 + 3000);
  expect(world.owners).toEqual(before);
});

test('a node that is alone after the store was away takes the streams of the others, too', () => {
  const { world } = worldOf(['a', 'b', 'c'], 60);
  const backAt = world.now + 3 * ttl;
  world.fate = () => (world.now < backAt ? 'lost' : 'answered');
  for (const node of world.nodes.slice(1)) {
    world.kill(node);
  }
  world.run(3 * ttl + 2 * ttl);
  expect(world.owned).toEqual({ a: 60, b: 0, c: 0 });
});

test('a view that comes before the answer to a join makes no other join due', () => {
  const world = new SmallWorld(ttl, keysOf(3));
  // The join of a is executed, and its answer comes after that of a look.
  const early = { nodes: [], mine: [], free: [], parked: [] };
  world.before = (request, node) => {
    if (request.type === 'join') {
      world.step(node, { type: 'viewed', view: early });
    }
  };
  world.add('a');
  world.run(ttl);
  expect(world.requests('join')).toHaveLength(1);
});

test('LEASE-05 the reason of a fence has the last failure of the store', () => {
  const { world, nodes } = worldOf(['a'], 1);
  world.fate = () => 'executed';
  world.run(ttl);
  expect(world.actions('fence').map(({ action }) => action.reason)).toEqual([
    'no renewal was answered in time; the last failure: no answer',
  ]);
  expect(nodes[0].core.owned).toBe(0);
});

test('PGC-06 a store that fails at once is asked less than 10 times a second', () => {
  const { world } = worldOf(['a'], 1);
  world.fate = () => 'lost';
  world.clear();
  world.run(1000);
  const instants = new Set(world.actions('ask').map(({ at }) => at));
  expect(instants.size).toBeLessThan(10);
});
