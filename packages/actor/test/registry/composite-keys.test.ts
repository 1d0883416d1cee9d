import { describe, expect, test } from '@jest/globals';
import { exit, GenServer, kill, ok, type Pid, Registry, reply, send } from '@reprise/actor';
import { createTestSystem, settle, type TestSystem } from '@reprise/actor/testing';
import fc from 'fast-check';

import { indexOf } from '../../src/registry/key.ts';
import { idleProcess, type Log, recordingProcess } from '../support/processes.ts';

const start = (system: TestSystem): Promise<Registry.Unique> =>
  Registry.start(system, { keys: 'unique' });

describe('an array as a key', () => {
  test('XT18 is a key by value: another array with equal elements finds it', async () => {
    const system = createTestSystem();
    const rooms = await start(system);
    const [self, other] = [await idleProcess(system), await idleProcess(system)];
    expect(Registry.register(self, rooms, ['room', 7], 'open')).toStrictEqual({
      type: 'registered',
    });
    expect(Registry.register(other, rooms, ['room', 7], 'open')).toStrictEqual({
      type: 'alreadyRegistered',
      pid: self.pid,
    });
    expect(Registry.lookup(rooms, ['room', 7])).toStrictEqual([{ pid: self.pid, value: 'open' }]);
    expect(Registry.values(rooms, ['room', 7], self.pid)).toStrictEqual(['open']);
    expect(Registry.match(rooms, ['room', 7], () => true)).toHaveLength(1);
    expect(Registry.updateValue(self, rooms, ['room', 7], () => 'closed')).toMatchObject({
      value: 'closed',
    });
    expect(Registry.keys(rooms, self.pid)).toStrictEqual([['room', 7]]);
    Registry.unregister(self, rooms, ['room', 7]);
    expect([Registry.count(rooms), Registry.lookup(rooms, ['room', 7])]).toStrictEqual([0, []]);
    expect(Registry.register(other, rooms, ['room', 7], 0).type).toBe('registered');
  });

  test('XT18 is free again at the end of its process', async () => {
    const system = createTestSystem();
    const rooms = await start(system);
    const self = await idleProcess(system);
    Registry.register(self, rooms, ['room', [7, 'a']], 0);
    exit(system, self.pid, kill);
    expect([Registry.count(rooms), Registry.keys(rooms)]).toStrictEqual([0, []]);
  });

  test('XT18 names a server by via, also after a restart of it', async () => {
    const system = createTestSystem();
    const counter = GenServer.define({
      init: (count: number) => ok(count),
      handleCall: { next: (_, count) => reply(count, count + 1) },
    });
    type Counter = GenServer.ServerOf<typeof counter>;
    const rooms = await Registry.start<readonly [string, number], undefined, Counter>(system, {
      keys: 'unique',
    });
    const first = await GenServer.start(system, counter, 7, {
      name: Registry.via(rooms, ['room', 7]),
    });
    expect(await GenServer.call(Registry.via(rooms, ['room', 7]), 'next')).toBe(7);
    exit(system, first, kill);
    await GenServer.start(system, counter, 9, { name: Registry.via(rooms, ['room', 7]) });
    expect(await GenServer.call(Registry.via(rooms, ['room', 7]), 'next')).toBe(9);
  });

  test('XT18 in an address is kept as it was when its owner changes the array', async () => {
    const system = createTestSystem();
    const rooms = await start(system);
    const self = await idleProcess(system);
    const key = ['room', ['attic']];
    Registry.register(self, rooms, ['room', ['attic']], 0);
    const address = Registry.via(rooms, key, 0);
    (key[1] as string[]).push('left');
    key.push('open');
    send(address as unknown as Pid<string>, 'knock');
    expect(self.messageQueueLen).toBe(1);
  });

  test('XT18 is one lock', async () => {
    const system = createTestSystem();
    const rooms = await start(system);
    const log: string[] = [];
    const slowly = async (text: string): Promise<void> => {
      log.push(text);
      await Promise.resolve();
      log.push(text);
    };
    await Promise.all([
      Registry.lock(system, rooms, ['room', 7], () => slowly('a')),
      Registry.lock(system, rooms, ['room', 7], () => slowly('b')),
      Registry.lock(system, rooms, ['room', 8], () => slowly('c')),
    ]);
    expect(log.join('')).toBe('acacbb');
  });

  test('XT18 is kept as it was: the owner may change its array, but no code that of the registry', async () => {
    const system = createTestSystem();
    const log: Log = [];
    const listener = await recordingProcess(system, log, 'listener');
    const rooms: Registry.Unique<unknown[]> = await Registry.start(system, {
      keys: 'unique',
      listeners: [listener.pid],
    });
    const key = ['room', ['a']];
    Registry.register(system, rooms, key, 0);
    key[0] = 'hall';
    (key[1] as string[]).push('b');
    expect(Registry.lookup(rooms, ['room', ['a']])).toHaveLength(1);
    const [kept = []] = Registry.keys(rooms);
    expect(() => kept.push('c')).toThrow(TypeError);
    Registry.unregister(system, rooms, ['room', ['a']]);
    await settle(system);
    expect(log.map(([, change]) => change)).toMatchObject([
      { type: 'register', key: ['room', ['a']] },
      { type: 'unregister', key: ['room', ['a']] },
    ]);
    expect(Registry.count(rooms)).toBe(0);
  });

  test('XT19 that holds itself is refused', async () => {
    const system = createTestSystem();
    const rooms = await start(system);
    const key: unknown[] = [];
    key.push(key);
    expect(() => Registry.register(system, rooms, key, 0)).toThrow(RangeError);
    expect(() => Registry.lookup(rooms, key)).toThrow(RangeError);
  });
});

describe('the text of an array', () => {
  const same = Symbol('same');
  const object = {};
  const leaf = fc.oneof(
    fc.string({ maxLength: 4 }),
    fc.constantFrom('1', '1;', '[', ']', '"', 'a', '\0', '\0[1;]', '1:a', 'a"a', 'a"1:a'),
    fc.constantFrom(0, 1, -1, 0.5, Number.NaN, Infinity, 1e21),
    fc.constantFrom(1n, -1n, true, false, null, undefined),
    fc.constantFrom(same, Symbol.for('same'), Symbol.for('a;'), object, () => 0),
  );
  const { key } = fc.letrec((tie) => ({
    key: fc.oneof({ maxDepth: 3 }, leaf, fc.array(tie('key'), { maxLength: 3 })),
  }));

  /** SameValueZero, and arrays by their elements. */
  const areEqual = (a: unknown, b: unknown): boolean =>
    Array.isArray(a) && Array.isArray(b)
      ? a.length === b.length && a.every((each, index) => areEqual(each, b[index]))
      : new Set([a]).has(b);

  test('XT19 is that of another key if and only if the two are equal', () => {
    fc.assert(
      fc.property(fc.array(key, { minLength: 2, maxLength: 20 }), (keys) => {
        for (const a of keys) {
          for (const b of keys) {
            expect(new Set([indexOf(a)]).has(indexOf(b))).toBe(areEqual(a, b));
          }
        }
      }),
    );
  });

  const pairs: readonly (readonly [unknown, unknown])[] = [
    [['a', 'b'], ['ab']],
    [['a', 'b'], ['a"b']],
    [['a', 'b'], ['a"1:b']],
    [
      ['a', ['b']],
      ['a', 'b'],
    ],
    [[1], ['1']],
    [[1], [1n]],
    [[], [[]]],
    [[null], [undefined]],
    [[{}], [{}]],
    [[Symbol('a')], [Symbol('a')]],
    [['room', 7], 'room,7'],
    [['room', 7], '\0["4:room7;]'],
  ];
  test.each(pairs)('XT19 %j and %j are two keys', (a, b) => {
    expect(indexOf(a)).not.toBe(indexOf(b));
  });

  test('XT19 -0 is 0, NaN is NaN, and a hole is undefined', () => {
    // eslint-disable-next-line no-sparse-arrays
    const holes = [, 1];
    expect(indexOf([-0, Number.NaN])).toBe(indexOf([0, Number.NaN]));
    expect(indexOf(holes)).toBe(indexOf([undefined, 1]));
  });

  test('a key that is no array stays as it is', () => {
    const keys = ['a', '', 7, Number.NaN, null, undefined, {}, Symbol('a'), 1n];
    expect(keys.map(indexOf)).toStrictEqual(keys);
  });

  test('XT18 a pid is an element like any other', async () => {
    const system = createTestSystem();
    const [a, b] = [await idleProcess(system), await idleProcess(system)];
    const at = (pid: Pid): unknown => indexOf(['seat', pid]);
    expect([at(a.pid) === at(a.pid), at(a.pid) === at(b.pid)]).toStrictEqual([true, false]);
  });
});
