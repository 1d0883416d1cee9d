import { expect, test } from '@jest/globals';

import { Lease, type NodeEvent, timesOf } from '../../src/core.ts';
import { SmallWorld } from './support/small-world.ts';

const ttl = 3000;
const at = (now: number, date = now) => ({ now, date });

test('a lease is good for T less a tenth from the sending of a renewal', () => {
  const lease = new Lease(timesOf(ttl));
  expect(lease.isGood(at(0))).toBe(false);
  lease.renew(at(100));
  expect(lease.isGood(at(2799))).toBe(true);
  expect(lease.left(at(2000))).toBe(800);
  expect(lease.isGood(at(2800))).toBe(false);
  expect(lease.left(at(2900))).toBe(0);
});

test('an answer to an earlier renewal does not shorten a lease', () => {
  const lease = new Lease(timesOf(ttl));
  lease.renew(at(1000));
  lease.renew(at(500));
  expect(lease.deadline).toEqual(at(3700));
});

test('LEASE-08 a wall clock that is set back does not lengthen a lease, one that is set forward ends it', () => {
  const lease = new Lease(timesOf(ttl));
  lease.renew(at(0, 3_600_000));
  lease.renew(at(750, 750));
  expect(lease.deadline).toEqual({ now: 3450, date: 3450 });
  expect(lease.isGood(at(1000, -3_600_000))).toBe(true);
  expect(lease.isGood(at(3450, -3_600_000))).toBe(false);
  expect(lease.isGood(at(1000, 3_600_000))).toBe(false);
});

/** A node with both streams, one of which has crashed. */
function nodeWithStreams() {
  const world = new SmallWorld(ttl, ['x', 'y']);
  const node = world.add('a');
  world.run(1000);
  expect(world.owned).toEqual({ a: 2 });
  world.clear();
  return { world, node };
}

const view = { nodes: [], mine: [], free: [], parked: [] };
const stream = { key: 'x', epoch: 1 };
const events: readonly NodeEvent[] = [
  { type: 'tick' },
  { type: 'drain' },
  { type: 'listed', keys: ['x'] },
  { type: 'renewed', sentAt: at(1000), isGood: true },
  { type: 'watched', nodes: [] },
  { type: 'viewed', view },
  { type: 'claimed', claims: [{ key: 'z', epoch: 9, cursor: '', recent: undefined, strikes: 0 }] },
  { type: 'released', keys: [] },
  { type: 'failed', request: 'renew', error: new Error('late') },
  { type: 'stopped', stream, outcome: 'crashed' },
  { type: 'refused', stream },
];

test.each(events)(
  'LEASE-15 past the deadline a node ends all streams first, whatever wakes it: $type',
  (event) => {
    const { world, node } = nodeWithStreams();
    world.now += ttl;
    world.step(node, event);
    expect(world.log.find(({ action }) => action.type !== 'late')?.action.type).toBe('fence');
    expect(world.actions('start')).toEqual([]);
    expect(node.core.owned).toBe(0);
    expect(node.core.lease.deadline).toBe(undefined);
  },
);

test('LEASE-10 a node whose monotonic clock stood still for 2 T is fenced before it begins anything', () => {
  const { world, node } = nodeWithStreams();
  const { now } = world;
  world.time = () => ({ now, date: now + 2 * ttl });
  const claim = { key: 'z', epoch: 9, cursor: '', recent: undefined, strikes: 0 };
  expect(node.core.lease.isGood(world.time(node))).toBe(false);
  world.step(node, { type: 'claimed', claims: [claim] });
  expect(world.actions('fence')).toHaveLength(1);
  expect(world.actions('start')).toEqual([]);
});

test('a renewal that is answered past the deadline is void, and the node comes back as a new one', () => {
  const { world, node } = nodeWithStreams();
  const { id } = node.core;
  world.now += ttl;
  world.step(node, { type: 'renewed', sentAt: at(world.now - 1), isGood: true });
  expect(node.core.phase).toBe('fenced');
  world.run(1000);
  expect(node.core.phase).toBe('member');
  expect(node.core.id).not.toBe(id);
  expect(world.owned).toEqual({ a: 2 });
});

test('LEASE-12 a node that was buried stops all streams with its next renewal, and returns with a new id', () => {
  const { world, node } = nodeWithStreams();
  const { id, nodes } = node.core;
  world.tables.observe('person', nodes, { count: 0, epochs: 0 });
  const buriedAt = world.now;
  world.run(ttl / 4 + ttl / 8);
  expect(world.actions('fence')[0]?.at).toBeLessThanOrEqual(buriedAt + ttl / 4 + ttl / 8);
  world.run(1000);
  expect(node.core.id).not.toBe(id);
  expect(world.owned).toEqual({ a: 2 });
});

test('LEASE-07 a held thread is told of once in 10 s', () => {
  const { world, node } = nodeWithStreams();
  for (let held = 0; held < 20; held += 1) {
    world.now = node.wakeAt + ttl / 5;
    world.step(node, { type: 'tick' });
  }
  expect(world.actions('fence')).toEqual([]);
  expect(world.actions('late')).toHaveLength(2);
  expect(node.core.lateBy).toBe(ttl / 5);
});
