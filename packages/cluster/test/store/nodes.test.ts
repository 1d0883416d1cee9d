import { randomUUID } from 'node:crypto';

import { describe, expect, test } from '@jest/globals';

import { bury, idle, newNode, nothing } from './arrange.ts';
import { subjects } from './subjects.ts';

const r1 = randomUUID();
const r2 = randomUUID();
const r3 = randomUUID();
const r4 = randomUUID();
const r5 = randomUUID();

describe.each(subjects)('nodes in $name', (subject) => {
  test('a node that has joined is watched with all that it says of itself', async () => {
    await using place = await subject.create();
    const store = await place.open();
    const node = { ...newNode('north'), weight: 2.5, ttl: 3000, host: 'häfen', pid: 4711 };
    expect(await store.join(node, r1)).toBeUndefined();
    expect(await store.watch()).toEqual([{ ...node, ...idle, renewal: r1 }]);
    const facts = { owned: 7, draining: true, list: '2-a-b', busy: 0.25 };
    expect(await store.renew(node.id, r2, facts)).toBe(true);
    expect(await store.watch()).toEqual([{ ...node, ...facts, renewal: r2 }]);
  });

  test('a name that a live node has is refused with its row, and no row is made', async () => {
    await using place = await subject.create();
    const [first, second] = [await place.open(), await place.open()];
    const holder = newNode('north');
    await first.join(holder, r1);
    expect(await second.join(newNode('north'), r2)).toMatchObject({ ...holder, renewal: r1 });
    expect(await second.watch()).toHaveLength(1);
  });

  test('a node whose answer was lost joins again: its value is the new one', async () => {
    await using place = await subject.create();
    const store = await place.open();
    const node = newNode();
    await store.join(node, r1);
    expect(await store.join(node, r2)).toBeUndefined();
    expect(await store.watch()).toMatchObject([{ id: node.id, renewal: r2 }]);
  });

  test('a node is buried only if its value is still the one that was seen', async () => {
    await using place = await subject.create();
    const [store, watcher] = [await place.open(), await place.open()];
    const [alive, dead] = [newNode(), newNode()];
    await store.join(alive, r1);
    await store.join(dead, r2);
    await store.renew(alive.id, r3, idle);
    const seen = [
      { id: alive.id, renewal: r1 },
      { id: dead.id, renewal: r2 },
    ];
    const view = await watcher.observe(randomUUID(), seen, nothing);
    expect(view.nodes).toMatchObject([{ id: alive.id }]);
    expect(await store.renew(alive.id, r4, idle)).toBe(true);
    expect(await store.renew(dead.id, r5, idle)).toBe(false);
  });

  test('values of two nodes that were mixed up bury neither', async () => {
    await using place = await subject.create();
    const store = await place.open();
    const [first, second] = [newNode(), newNode()];
    await store.join(first, r1);
    await store.join(second, r2);
    const swapped = [
      { id: first.id, renewal: r2 },
      { id: second.id, renewal: r1 },
    ];
    expect((await store.observe(randomUUID(), swapped, nothing)).nodes).toHaveLength(2);
  });

  test('a buried node stays buried, and its name is free', async () => {
    await using place = await subject.create();
    const store = await place.open();
    const node = newNode('north');
    await store.join(node, r1);
    await bury(store, node.id);
    const next = newNode('north');
    expect(await store.join(next, r2)).toBeUndefined();
    expect(await store.renew(node.id, r3, idle)).toBe(false);
    expect(await store.watch()).toMatchObject([{ id: next.id }]);
  });

  test('a node that nobody knows cannot renew', async () => {
    await using place = await subject.create();
    const store = await place.open();
    expect(await store.renew(newNode().id, r1, idle)).toBe(false);
  });

  test('a node that leaves is gone; it may leave twice, and its name is free', async () => {
    await using place = await subject.create();
    const store = await place.open();
    const node = newNode('north');
    await store.join(node, r1);
    await store.leave(node.id);
    await store.leave(node.id);
    expect(await store.watch()).toEqual([]);
    expect(await store.renew(node.id, r2, idle)).toBe(false);
    expect(await store.join(newNode('north'), r3)).toBeUndefined();
  });

  test('a store can be closed twice', async () => {
    await using place = await subject.create();
    const store = await place.open();
    await store.close();
    await expect(store.close()).resolves.toBeUndefined();
  });
});
