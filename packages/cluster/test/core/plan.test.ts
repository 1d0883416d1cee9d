import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';

import { type Offer, plan } from '../../src/core/plan.ts';
import { type Owner, sharesOf } from '../../src/core/shares.ts';

const node = (name: string, { weight = 1, owned = 0, isFull = false } = {}): Owner => ({
  id: `id of ${name}`,
  name,
  weight,
  owned,
  isFull,
});
const keysOf = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `stream ${at}`);
const offersOf = (keys: readonly string[], { isOld = false, deadFor = 0 } = {}): readonly Offer[] =>
  keys.map((key) => ({ stream: { key, epoch: 1, deadFor, strikes: 0 }, isOld }));
const sharesIn = (owners: readonly Owner[], total: number): readonly number[] => [
  ...sharesOf(owners, total).values(),
];

test.each([
  { total: 10, nodes: 3, shares: [4, 3, 3] },
  { total: 3, nodes: 10, shares: [1, 1, 1, 0, 0, 0, 0, 0, 0, 0] },
  { total: 0, nodes: 3, shares: [0, 0, 0] },
])('REB-01 $total streams on $nodes nodes are shared evenly', ({ total, nodes, shares }) => {
  const owners = keysOf(nodes).map((name) => node(name));
  expect(sharesIn(owners, total)).toEqual(shares);
});

test('REB-07 shares follow the weights', () => {
  const owners = [node('a'), node('b'), node('c', { weight: 2 })];
  expect(sharesIn(owners, 60)).toEqual([15, 15, 30]);
});

test('what is left over stays where it is', () => {
  const owners = [node('a', { owned: 3 }), node('b', { owned: 3 }), node('c', { owned: 4 })];
  expect(sharesIn(owners, 10)).toEqual([3, 3, 4]);
});

const weights = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 });

test('shares add up, and each is its exact quota rounded down or up', () => {
  fc.assert(
    fc.property(weights, fc.nat(200), fc.infiniteStream(fc.nat(99)), (each, total, owned) => {
      const owners = each.map((weight, at) =>
        node(`n${at}`, { weight: weight / 10, owned: owned.next().value }),
      );
      const shares = sharesIn(owners, total);
      const sum = each.reduce((a, b) => a + b, 0);
      expect(shares.reduce((a, b) => a + b, 0)).toBe(total);
      for (const [at, weight] of each.entries()) {
        expect(Math.abs((shares[at] ?? 0) - (total * weight) / sum)).toBeLessThan(1);
      }
    }),
  );
});

test('REB-11 a node that is full gets nothing more, and the others share the rest', () => {
  fc.assert(
    fc.property(weights, fc.nat(200), fc.nat(60), (each, total, owned) => {
      const full = node('full', { owned, isFull: true });
      const owners = each.map((weight, at) => node(`n${at}`, { weight }));
      const shares = sharesOf([full, ...owners], total);
      expect([...shares.values()].reduce((a, b) => a + b, 0)).toBe(total);
      expect(shares.get(full.id)).toBeLessThanOrEqual(owned);
      const even = sharesOf([{ ...full, isFull: false }, ...owners], total).get(full.id) ?? 0;
      expect(shares.get(full.id)).toBe(Math.min(even, owned));
    }),
  );
});

test('nodes that see the same claim each free stream once', () => {
  fc.assert(
    fc.property(weights, fc.integer({ min: 0, max: 90 }), (each, free) => {
      const owners = each.map((weight, at) => node(`n${at}`, { weight }));
      const offers = offersOf(keysOf(free));
      const claims = owners.flatMap(
        ({ id }) => plan({ id, owners, movable: [], offers, total: free }).claim,
      );
      expect(new Set(claims.map(({ key }) => key))).toEqual(new Set(keysOf(free)));
      expect(claims).toHaveLength(free);
    }),
  );
});

test('REB-12 a node claims at most 100 streams a look', () => {
  const offers = offersOf(keysOf(1000));
  const owners = [node('a'), node('b')];
  expect(plan({ id: 'id of a', owners, movable: [], offers, total: 1000 }).claim).toHaveLength(100);
});

test('REB-02 a node gives up at most 50 streams a look, and only those above its share', () => {
  const movable = keysOf(300);
  const situation = { id: 'id of a', movable, offers: [] };
  const [a, b] = [node('a', { owned: 300 }), node('b', { owned: 100 })];
  expect(plan({ ...situation, owners: [a, b], total: 400 }).release).toHaveLength(50);
  const nearly = [a, node('b', { owned: 298 })];
  expect(plan({ ...situation, owners: nearly, total: 598 }).release).toHaveLength(1);
});

test.each([
  ['nothing', 0, 15],
  ['few', 20, 15],
  ['some', 70, 35],
])(
  'a node that has %s is given 30 in a look, or as many as it has, by all together',
  (_, owned, each) => {
    const owners = [node('a', { owned: 300 }), node('b', { owned: 300 }), node('c', { owned })];
    const situation = { movable: keysOf(300), offers: [], total: 600 + owned };
    const released = ['a', 'b'].map(
      (name) => plan({ ...situation, id: `id of ${name}`, owners }).release.length,
    );
    expect(released).toEqual([each, each]);
  },
);

test('the streams of a dead node go to nodes that have some, and not to one that is new', () => {
  const [a, b] = [node('a', { owned: 20 }), node('b', { owned: 20 })];
  const owners = [a, b, node('c')];
  const offers = offersOf(keysOf(20), { deadFor: 1 });
  const claims = owners.map(
    ({ id }) => plan({ id, owners, movable: [], offers, total: 60 }).claim.length,
  );
  expect(claims).toEqual([10, 10, 0]);
});

test('the streams of a dead node go to a new one if no other has any, or if they are old', () => {
  const alone = [node('a'), node('b')];
  const offers = offersOf(keysOf(20), { deadFor: 1 });
  const of = (owners: readonly Owner[], id: string, given: readonly Offer[]): number =>
    plan({ id, owners, movable: [], offers: given, total: 40 }).claim.length;
  expect(of(alone, 'id of a', offers) + of(alone, 'id of b', offers)).toBe(20);
  const [old, owners] = [
    offersOf(keysOf(20), { deadFor: 1, isOld: true }),
    [node('a', { owned: 20 }), node('b')],
  ];
  expect(of(owners, 'id of b', old)).toBe(20);
});

test('a node gives nothing up while no other has room for it', () => {
  const owners = [node('a', { owned: 4 }), node('b', { owned: 4 }), node('c', { owned: 3 })];
  expect(
    plan({ id: 'id of b', owners, movable: keysOf(4), offers: [], total: 10 }).release,
  ).toEqual([]);
});

test('a stream that the node of its own does not take goes to any node with room', () => {
  const owners = [node('a'), node('b')];
  const fresh = owners.map(
    ({ id }) => plan({ id, owners, movable: [], offers: offersOf(['x']), total: 2 }).claim.length,
  );
  expect(fresh.toSorted((a, b) => a - b)).toEqual([0, 1]);
  const offers = offersOf(['x'], { isOld: true });
  const old = owners.map(
    ({ id }) => plan({ id, owners, movable: [], offers, total: 2 }).claim.length,
  );
  expect(old).toEqual([1, 1]);
});

test('a node that drains has no share and claims nothing', () => {
  const offers = offersOf(keysOf(3), { isOld: true });
  const owners = [node('b')];
  const situation = { id: 'id of a', owners, movable: ['x'], offers, total: 4 };
  expect(plan(situation)).toEqual({ claim: [], release: [] });
});
