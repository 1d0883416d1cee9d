import { describe, expect, test } from '@jest/globals';
import { exit, kill, type Pid, Registry } from '@reprise/actor';
import { createTestSystem, settle } from '@reprise/actor/testing';
import { expectTypeOf } from 'expect-type';

import { idleProcess, type Log, recordingProcess } from '../support/processes.ts';

const duplicate = (
  system: Parameters<typeof Registry.start>[0],
  listeners: readonly Pid<never>[] = [],
): Promise<Registry.Duplicate<string, number>> =>
  Registry.start<string, number>(system, { keys: 'duplicate', listeners: listeners as never });

describe('all keys', () => {
  test('XT14 are listed once each, in the order they came, without those of ended processes', async () => {
    const system = createTestSystem();
    const rooms = await duplicate(system);
    const [a, b] = [await idleProcess(system), await idleProcess(system)];
    Registry.register(a, rooms, 'attic', 1);
    Registry.register(b, rooms, 'lobby', 2);
    Registry.register(a, rooms, 'lobby', 3);
    Registry.register(a, rooms, 'lobby', 4);
    expect(Registry.keys(rooms)).toStrictEqual(['attic', 'lobby']);
    exit(system, a.pid, kill);
    expect(Registry.keys(rooms)).toStrictEqual(['lobby']);
    expectTypeOf(Registry.keys(rooms)).toEqualTypeOf<readonly string[]>();
  });

  test('XT14 of an empty registry are none', async () => {
    expect(Registry.keys(await duplicate(createTestSystem()))).toStrictEqual([]);
  });
});

describe('select', () => {
  test('XT15 gives the entries, each with its key, for which the function is true', async () => {
    const system = createTestSystem();
    const rooms = await duplicate(system);
    const [a, b] = [await idleProcess(system), await idleProcess(system)];
    Registry.register(a, rooms, 'attic', 1);
    Registry.register(b, rooms, 'lobby', 2);
    Registry.register(a, rooms, 'lobby', 3);
    const entry = (key: string, { pid }: { readonly pid: Pid }, value: number): object => ({
      key,
      pid,
      value,
    });
    expect(Registry.select(rooms)).toStrictEqual([
      entry('attic', a, 1),
      entry('lobby', b, 2),
      entry('lobby', a, 3),
    ]);
    const large = ({ key, value }: Registry.KeyedEntry<string, number>): boolean =>
      key === 'lobby' && value > 2;
    expect(Registry.select(rooms, large)).toStrictEqual([entry('lobby', a, 3)]);
    expect(Registry.select(rooms, ({ pid }) => pid === b.pid)).toStrictEqual([
      entry('lobby', b, 2),
    ]);
    exit(system, a.pid, kill);
    expect(Registry.select(rooms)).toStrictEqual([entry('lobby', b, 2)]);
  });

  test('XT15 lets the function change the registry', async () => {
    const system = createTestSystem();
    const rooms = await duplicate(system);
    Registry.register(system, rooms, 'a', 1);
    Registry.register(system, rooms, 'b', 2);
    const found = Registry.select(rooms, ({ key }) => {
      Registry.unregister(system, rooms, key);
      return true;
    });
    expect([found.length, Registry.count(rooms)]).toStrictEqual([2, 0]);
  });
});

test('XT16 countMatch counts the entries of one key for which the function is true', async () => {
  const system = createTestSystem();
  const rooms = await duplicate(system);
  const [a, b] = [await idleProcess(system), await idleProcess(system)];
  Registry.register(a, rooms, 'lobby', 1);
  Registry.register(b, rooms, 'lobby', 2);
  Registry.register(a, rooms, 'attic', 2);
  expect(Registry.countMatch(rooms, 'lobby', (value) => value > 1)).toBe(1);
  expect(Registry.countMatch(rooms, 'lobby', (_, pid) => pid === a.pid)).toBe(1);
  expect(Registry.countMatch(rooms, 'lobby', () => true)).toBe(2);
  expect(Registry.countMatch(rooms, 'cellar', () => true)).toBe(0);
});

describe('unregisterMatch', () => {
  test('XT17 deletes those of the caller whose value matches, and no others', async () => {
    const system = createTestSystem();
    const log: Log = [];
    const listener = await recordingProcess(system, log, 'listener');
    const rooms = await duplicate(system, [listener.pid as Pid<never>]);
    const [a, b] = [await idleProcess(system), await idleProcess(system)];
    for (const value of [1, 2, 3]) {
      Registry.register(a, rooms, 'lobby', value);
    }
    Registry.register(b, rooms, 'lobby', 3);
    Registry.register(a, rooms, 'attic', 3);
    await settle(system);
    log.length = 0;

    Registry.unregisterMatch(a, rooms, 'lobby', (value) => value > 1);
    expect(Registry.values(rooms, 'lobby', a.pid)).toStrictEqual([1]);
    expect(Registry.values(rooms, 'lobby', b.pid)).toStrictEqual([3]);
    expect(Registry.keys(rooms, a.pid)).toStrictEqual(['lobby', 'attic']);
    expect(Registry.count(rooms)).toBe(3);
    await settle(system);
    expect(log).toStrictEqual([]);

    Registry.unregisterMatch(a, rooms, 'lobby', () => false);
    Registry.unregisterMatch(a, rooms, 'cellar', () => true);
    Registry.unregisterMatch(a, rooms, 'lobby', (value) => value === 1);
    await settle(system);
    expect(log.map(([, change]) => change)).toStrictEqual([
      { type: 'unregister', registry: rooms, key: 'lobby', pid: a.pid },
    ]);
  });

  test('XT17 deletes none when the function throws, and none twice', async () => {
    const system = createTestSystem();
    const rooms = await duplicate(system);
    Registry.register(system, rooms, 'a', 1);
    Registry.register(system, rooms, 'a', 2);
    expect(() => {
      Registry.unregisterMatch(system, rooms, 'a', (value) => {
        if (value === 2) {
          throw new Error('boom');
        }
        return true;
      });
    }).toThrow('boom');
    expect(Registry.count(rooms)).toBe(2);
    Registry.unregisterMatch(system, rooms, 'a', () => {
      Registry.unregister(system, rooms, 'a');
      return true;
    });
    expect(Registry.count(rooms)).toBe(0);
  });

  test('XT17 in a unique registry frees the key if its value matches', async () => {
    const system = createTestSystem();
    const rooms = await Registry.start<string, number>(system, { keys: 'unique' });
    Registry.register(system, rooms, 'a', 1);
    Registry.unregisterMatch(system, rooms, 'a', (value) => value === 2);
    expect(Registry.lookup(rooms, 'a')).toHaveLength(1);
    Registry.unregisterMatch(system, rooms, 'a', (value) => value === 1);
    expect(Registry.lookup(rooms, 'a')).toHaveLength(0);
  });
});
