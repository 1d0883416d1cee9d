import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import { describe, expect, test } from '@jest/globals';
import {
  crash,
  exit,
  GenServer,
  isAlive,
  kill,
  killed,
  link,
  monitor,
  name,
  noproc,
  noreply,
  ok,
  type Pid,
  type Process,
  Registry,
  reply,
  send,
  sendAfter,
  shutdown,
  spawn,
  stop,
  Supervisor,
  trapExit,
} from '@reprise/actor';
import { advance, createTestSystem, settle, type TestSystem } from '@reprise/actor/testing';
import { expectTypeOf } from 'expect-type';

import { countOnEnd } from '../support/on-end.ts';
import { outcome } from '../support/outcome.ts';
import {
  drain,
  exitReasonOf,
  idleProcess,
  type Log,
  recordingProcess,
} from '../support/processes.ts';

const startUnique = (system: TestSystem): Promise<Registry.Unique> =>
  Registry.start(system, { keys: 'unique' });

const startDuplicate = (system: TestSystem): Promise<Registry.Duplicate> =>
  Registry.start(system, { keys: 'duplicate' });

const pidsOf = (entries: readonly Registry.Entry[]): Pid[] => entries.map(({ pid }) => pid);

const counter = GenServer.define({
  init: (count: number) => ok(count),
  handleCall: { next: (_, count) => reply(count, count + 1) },
  handleCast: { set: (count: number, _count) => noreply(count) },
  handleInfo: (count: number) => noreply(count),
});
type Counter = GenServer.ServerOf<typeof counter>;

describe('a unique registry', () => {
  test('RG15 refuses a key that another process or the same one has, and names that process', async () => {
    const system = createTestSystem();
    const registry = await startUnique(system);
    const [owner, other] = [await idleProcess(system), await idleProcess(system)];
    expect(Registry.register(owner, registry, 'k', 1)).toStrictEqual({ type: 'registered' });
    for (const process of [other, owner]) {
      const answer = Registry.register(process, registry, 'k', 2);
      expect(answer).toStrictEqual({ type: 'alreadyRegistered', pid: owner.pid });
    }
    expect(Registry.lookup(registry, 'k')).toStrictEqual([{ pid: owner.pid, value: 1 }]);
    expect(Registry.register(other, registry, 'l', 2)).toStrictEqual({ type: 'registered' });
  });

  test('RG16 lets a process have several keys', async () => {
    const system = createTestSystem();
    const registry = await startUnique(system);
    const [holder, other] = [await idleProcess(system), await idleProcess(system)];
    for (const key of ['a', 'b', 'c']) {
      Registry.register(holder, registry, key, `value of ${key}`);
    }
    Registry.register(other, registry, 'd');
    expect(Registry.keys(registry, holder.pid)).toStrictEqual(['a', 'b', 'c']);
    expect(Registry.keys(registry, other.pid)).toStrictEqual(['d']);
    expect(Registry.keys(registry, system.pid)).toStrictEqual([]);
    expect(Registry.values(registry, 'b', holder.pid)).toStrictEqual(['value of b']);
    expect(Registry.values(registry, 'b', other.pid)).toStrictEqual([]);
  });

  test('RG17 frees the keys of a process when it ends, before any process gets its EXIT or DOWN', async () => {
    const system = createTestSystem();
    const registry = await startUnique(system);
    const owner = await idleProcess(system);
    Registry.register(owner, registry, 'k', 1);
    Registry.register(owner, registry, 'l', 1);
    const seen: unknown[] = [];
    spawn(system, async (self) => {
      trapExit(self, true);
      link(self, owner.pid);
      monitor(self, owner.pid);
      for (let count = 0; count < 2; count++) {
        const { type } = (await self.receive()) as unknown as { type: string };
        seen.push([type, Registry.lookup(registry, 'k'), Registry.keys(registry, owner.pid)]);
      }
    });
    await settle(system);
    exit(system, owner.pid, kill);
    expect(Registry.lookup(registry, 'k')).toStrictEqual([]);
    expect(Registry.count(registry)).toBe(0);
    await settle(system);
    expect(seen).toStrictEqual([
      ['EXIT', [], []],
      ['DOWN', [], []],
    ]);
    const next = await idleProcess(system);
    expect(Registry.register(next, registry, 'k', 2)).toStrictEqual({ type: 'registered' });
    expect(Registry.lookup(registry, 'k')).toStrictEqual([{ pid: next.pid, value: 2 }]);
  });

  test('RG18 looks at the process as well as at its table: a process that is ending has no key', async () => {
    const system = createTestSystem();
    const registry = await startUnique(system);
    const [owner, next] = [await idleProcess(system), await idleProcess(system)];
    Registry.register(owner, registry, 'k', 1);
    const seen: unknown[] = [];
    // The channel publishes when the process is dead and its registrations are still in the table.
    const onExit = (message: unknown): void => {
      if ((message as { readonly pid: Pid }).pid === owner.pid) {
        seen.push(Registry.lookup(registry, 'k'), Registry.keys(registry, owner.pid));
        seen.push(Registry.register(next, registry, 'k', 2));
      }
    };
    subscribe('reprise:exit', onExit);
    exit(system, owner.pid, kill);
    unsubscribe('reprise:exit', onExit);
    expect(seen).toStrictEqual([[], [], { type: 'registered' }]);
    expect(Registry.lookup(registry, 'k')).toStrictEqual([{ pid: next.pid, value: 2 }]);
    expect(Registry.count(registry)).toBe(1);
  });

  test('RG19 updates the value for its owner, and answers undefined to other processes', async () => {
    const system = createTestSystem();
    const registry = await Registry.start<string, number>(system, { keys: 'unique' });
    const [owner, other] = [await idleProcess(system), await idleProcess(system)];
    Registry.register(owner, registry, 'k', 1);
    const add = (value: number): number => value + 1;
    expect(Registry.updateValue(owner, registry, 'k', add)).toStrictEqual({
      type: 'updated',
      value: 2,
      old: 1,
    });
    expect(Registry.updateValue(other, registry, 'k', add)).toStrictEqual({
      type: 'notRegistered',
    });
    expect(Registry.updateValue(owner, registry, 'l', add)).toStrictEqual({
      type: 'notRegistered',
    });
    expect(Registry.lookup(registry, 'k')).toStrictEqual([{ pid: owner.pid, value: 2 }]);
  });

  test('RG19 keeps the value when the function throws', async () => {
    const system = createTestSystem();
    const registry = await Registry.start<string, number>(system, { keys: 'unique' });
    Registry.register(system, registry, 'k', 1);
    const fail = (): never => {
      throw new Error('no');
    };
    expect(() => Registry.updateValue(system, registry, 'k', fail)).toThrow(new Error('no'));
    expect(Registry.values(registry, 'k', system.pid)).toStrictEqual([1]);
  });

  test('RG20 unregisters the registrations of the process itself, and no others', async () => {
    const system = createTestSystem();
    const registry = await startUnique(system);
    const [owner, other] = [await idleProcess(system), await idleProcess(system)];
    Registry.register(owner, registry, 'k');
    Registry.register(owner, registry, 'l');
    Registry.register(other, registry, 'm');
    expect(Registry.unregister(other, registry, 'k')).toBeUndefined();
    expect(pidsOf(Registry.lookup(registry, 'k'))).toStrictEqual([owner.pid]);
    Registry.unregister(owner, registry, 'k');
    Registry.unregister(owner, registry, 'k');
    Registry.unregister(owner, registry, 'free');
    expect(Registry.lookup(registry, 'k')).toStrictEqual([]);
    expect(Registry.keys(registry, owner.pid)).toStrictEqual(['l']);
    expect(Registry.keys(registry, other.pid)).toStrictEqual(['m']);
    expect(Registry.register(other, registry, 'k')).toStrictEqual({ type: 'registered' });
  });

  test('RG20 leaves a key with its new owner when the process that has unregistered it ends', async () => {
    const system = createTestSystem();
    const registry = await startUnique(system);
    const [first, next] = [await idleProcess(system), await idleProcess(system)];
    Registry.register(first, registry, 'k');
    Registry.unregister(first, registry, 'k');
    Registry.register(next, registry, 'k');
    exit(system, first.pid, kill);
    expect(pidsOf(Registry.lookup(registry, 'k'))).toStrictEqual([next.pid]);
  });
});

describe('a duplicate registry', () => {
  test('RG21 keeps every registration of a key, also those of one process', async () => {
    const system = createTestSystem();
    const registry = await startDuplicate(system);
    const [holder, other] = [await idleProcess(system), await idleProcess(system)];
    for (const [process, value] of [
      [holder, 1],
      [other, 2],
      [holder, 3],
    ] as const) {
      const answer = Registry.register(process, registry, 'k', value);
      expect(answer).toStrictEqual({ type: 'registered' });
    }
    expect(Registry.lookup(registry, 'k')).toStrictEqual([
      { pid: holder.pid, value: 1 },
      { pid: other.pid, value: 2 },
      { pid: holder.pid, value: 3 },
    ]);
    expect(Registry.values(registry, 'k', holder.pid)).toStrictEqual([1, 3]);
    expect(Registry.keys(registry, holder.pid)).toStrictEqual(['k', 'k']);
  });

  test('RG22 unregisters all of a process under a key, and nothing else', async () => {
    const system = createTestSystem();
    const registry = await startDuplicate(system);
    const [holder, other] = [await idleProcess(system), await idleProcess(system)];
    Registry.register(holder, registry, 'k', 1);
    Registry.register(holder, registry, 'l', 2);
    Registry.register(other, registry, 'k', 3);
    Registry.register(holder, registry, 'k', 4);
    Registry.unregister(holder, registry, 'k');
    expect(Registry.lookup(registry, 'k')).toStrictEqual([{ pid: other.pid, value: 3 }]);
    expect(Registry.keys(registry, holder.pid)).toStrictEqual(['l']);
  });

  test('RG17 forgets every registration of a process with its end', async () => {
    const system = createTestSystem();
    const registry = await startDuplicate(system);
    const [holder, other] = [await idleProcess(system), await idleProcess(system)];
    Registry.register(holder, registry, 'k', 1);
    Registry.register(other, registry, 'k', 2);
    Registry.register(holder, registry, 'k', 3);
    exit(system, holder.pid, kill);
    expect(Registry.lookup(registry, 'k')).toStrictEqual([{ pid: other.pid, value: 2 }]);
    expect(Registry.count(registry)).toBe(1);
  });

  test('RG23 dispatches all entries of a key at once, in the caller; nothing for a key without entries', async () => {
    const system = createTestSystem();
    const registry = await startDuplicate(system);
    const [holder, other] = [await idleProcess(system), await idleProcess(system)];
    Registry.register(holder, registry, 'k', 1);
    Registry.register(other, registry, 'k', 2);
    const seen: unknown[] = [];
    Registry.dispatch(registry, 'k', (entries) => {
      seen.push(entries);
    });
    Registry.dispatch(registry, 'l', (entries) => {
      seen.push(entries);
    });
    expect(seen).toStrictEqual([
      [
        { pid: holder.pid, value: 1 },
        { pid: other.pid, value: 2 },
      ],
    ]);
    exit(system, holder.pid, kill);
    exit(system, other.pid, kill);
    Registry.dispatch(registry, 'k', (entries) => {
      seen.push(entries);
    });
    expect(seen).toHaveLength(1);
  });

  test('RG23 dispatch throws the error of its function', async () => {
    const system = createTestSystem();
    const registry = await startDuplicate(system);
    Registry.register(system, registry, 'k');
    const fail = (): never => {
      throw new Error('no');
    };
    expect(() => Registry.dispatch(registry, 'k', fail)).toThrow(new Error('no'));
  });

  test('has no one value of a key to update', async () => {
    const system = createTestSystem();
    const registry: unknown = await startDuplicate(system);
    expect(() =>
      Registry.updateValue(system, registry as Registry.Unique, 'k', (value) => value),
    ).toThrow(
      new TypeError(
        `Expected a registry with unique keys, got ${String(registry)}, whose keys are duplicate`,
      ),
    );
  });

  test('match answers those whose value and process fit', async () => {
    const system = createTestSystem();
    const registry = await Registry.start<string, number>(system, { keys: 'duplicate' });
    const [holder, other] = [await idleProcess(system), await idleProcess(system)];
    Registry.register(holder, registry, 'k', 1);
    Registry.register(other, registry, 'k', 2);
    Registry.register(holder, registry, 'k', 3);
    Registry.register(holder, registry, 'l', 4);
    const odd = Registry.match(registry, 'k', (value) => value % 2 === 1);
    expect(odd.map(({ value }) => value)).toStrictEqual([1, 3]);
    const others = Registry.match(registry, 'k', (_, pid) => pid === other.pid);
    expect(others).toStrictEqual([{ pid: other.pid, value: 2 }]);
  });
});

describe('a registry', () => {
  test('RG25 sends its listeners each registration and unregistration, and nothing else', async () => {
    const system = createTestSystem();
    const log: Log = [];
    const listener = await recordingProcess(system, log, 'pid');
    const named = name<Pid<Registry.Change>>('listener');
    const registry = await Registry.start(system, {
      keys: 'unique',
      listeners: [listener.pid, named.in(system)],
    });
    const [holder, other] = [await idleProcess(system), await idleProcess(system)];
    Registry.register(holder, registry, 'k', 1);
    Registry.register(other, registry, 'k', 2);
    Registry.unregister(other, registry, 'k');
    Registry.unregister(holder, registry, 'k');
    Registry.unregister(holder, registry, 'k');
    Registry.register(other, registry, 'l', 3);
    exit(system, other.pid, kill);
    await settle(system);
    expect(log).toStrictEqual([
      ['pid', { type: 'register', registry, key: 'k', pid: holder.pid, value: 1 }],
      ['pid', { type: 'unregister', registry, key: 'k', pid: holder.pid }],
      ['pid', { type: 'register', registry, key: 'l', pid: other.pid, value: 3 }],
    ]);
  });

  test('RG26 counts its registrations, and not those that it refused', async () => {
    const system = createTestSystem();
    const registry = await startUnique(system);
    const [holder, other] = [await idleProcess(system), await idleProcess(system)];
    expect(Registry.count(registry)).toBe(0);
    Registry.register(holder, registry, 'k');
    Registry.register(other, registry, 'k');
    Registry.register(other, registry, 'l');
    Registry.register(other, registry, 'm');
    expect(Registry.count(registry)).toBe(3);
    Registry.unregister(holder, registry, 'k');
    expect(Registry.count(registry)).toBe(2);
    exit(system, other.pid, kill);
    expect(Registry.count(registry)).toBe(0);
  });

  test('RG27 that is not running is an error', async () => {
    const system = createTestSystem();
    const registry = await startUnique(system);
    await GenServer.stop(registry);
    const stopped = new Error(
      `Expected a running registry, got ${String(registry)}, which is not running`,
    );
    expect(() => Registry.register(system, registry, 'k')).toThrow(stopped);
    expect(() => Registry.unregister(system, registry, 'k')).toThrow(stopped);
    expect(() => Registry.lookup(registry, 'k')).toThrow(stopped);
    expect(() => Registry.count(registry)).toThrow(stopped);
    await expect(Registry.lock(system, registry, 'k', () => 1)).rejects.toThrow(stopped);
    const free = name<Registry.Unique>('free').in(system);
    expect(() => Registry.register(system, free, 'k')).toThrow(
      new Error('Expected a running registry, got "free", which is not running'),
    );
  });

  test('RG27 that is another process is an error of the caller', async () => {
    const system = createTestSystem();
    for (const pid of [
      (await idleProcess(system)).pid,
      await GenServer.start(system, counter, 0),
    ] as unknown[]) {
      expect(() => Registry.register(system, pid as Registry.Unique, 'k')).toThrow(
        new TypeError(`Expected a registry, got ${String(pid)}, which is something else`),
      );
    }
  });

  test('takes unique and duplicate keys, and no others', async () => {
    const system = createTestSystem();
    const error = new TypeError('Expected keys to be "unique" or "duplicate", got "both"');
    const options = { keys: 'both' as 'unique' };
    await expect(Registry.start(system, options)).rejects.toThrow(error);
    expect(() => Registry.childSpec({ id: 'r', ...options })).toThrow(error);
  });

  test('takes nothing from a process that has ended', async () => {
    const system = createTestSystem();
    const registry = await startUnique(system);
    const ended = await idleProcess(system);
    exit(system, ended.pid, kill);
    const error = new Error(
      `Expected a running process, got ${String(ended.pid)}, which has ended`,
    );
    expect(() => Registry.register(ended, registry, 'k')).toThrow(error);
    await expect(Registry.lock(ended, registry, 'k', () => 1)).rejects.toThrow(error);
    expect(Registry.count(registry)).toBe(0);
  });

  test('that ends also ends the processes in it, as if they were linked', async () => {
    const system = createTestSystem();
    const registry = await startUnique(system);
    const log: Log = [];
    const [holder, left, trapper] = [
      await idleProcess(system),
      await idleProcess(system),
      await recordingProcess(system, log, 'trapper', { traps: true }),
    ];
    Registry.register(holder, registry, 'p');
    Registry.register(left, registry, 'left');
    Registry.unregister(left, registry, 'left');
    Registry.register(trapper, registry, 'trapper');
    exit(system, registry, kill);
    await settle(system);
    expect(exitReasonOf(holder)).toStrictEqual(killed);
    expect(isAlive(left.pid)).toBe(true);
    expect(log).toStrictEqual([['trapper', { type: 'EXIT', pid: registry, reason: killed }]]);
    exit(system, trapper.pid, kill);
  });

  test('under a supervisor is empty again after a restart, and found by its name', async () => {
    const system = createTestSystem();
    const rooms = name<Registry.Unique<string, number>>('rooms');
    const app = await Supervisor.startLink(system, {
      strategy: 'oneForOne',
      children: [Registry.childSpec({ id: 'rooms', keys: 'unique', name: rooms })],
    });
    const first = Supervisor.child(app, 'rooms');
    const typed: Registry.Unique<string, number> | undefined = first;
    expect(typed).toBeDefined();
    const holder = await idleProcess(system);
    Registry.register(holder, rooms.in(system), 'k', 1);
    exit(system, first as Pid, kill);
    await settle(system);
    expect(isAlive(holder.pid)).toBe(false);
    expect(Supervisor.child(app, 'rooms')).not.toBe(first);
    expect(Registry.count(rooms.in(system))).toBe(0);
    expect(Registry.register(await idleProcess(system), rooms.in(system), 'k', 1)).toStrictEqual({
      type: 'registered',
    });
  });

  test('leaves no callback on a process that has unregistered', async () => {
    const system = createTestSystem();
    const registry = await startUnique(system);
    const holder = await idleProcess(system);
    const hanging = countOnEnd(holder);
    for (let count = 0; count < 3; count++) {
      Registry.register(holder, registry, 'k');
      Registry.register(holder, registry, 'l');
      expect(hanging()).toBe(1);
      await Registry.lock(holder, registry, 'k', () => {
        expect(hanging()).toBe(2);
      });
      Registry.unregister(holder, registry, 'k');
      Registry.unregister(holder, registry, 'l');
      expect(hanging()).toBe(0);
    }
    Registry.register(holder, registry, 'k');
    await GenServer.stop(registry);
    expect(hanging()).toBe(0);
  });

  test('drops a message that it gets, and goes on', async () => {
    const system = createTestSystem();
    const registry = await startUnique(system);
    send(registry as Pid as Pid<string>, 'hello');
    await settle(system);
    expect(system.reports.map(({ level }) => level)).toStrictEqual(['warn']);
    expect(Registry.count(registry)).toBe(0);
  });
});

describe('keys', () => {
  test('RG29 are equal as those of a Map are', async () => {
    const system = createTestSystem();
    const registry = await startUnique(system);
    const holder = await idleProcess(system);
    const object = {};
    for (const key of [1, '1', 1n, true, 'true', null, undefined, object, {}, Number.NaN, 0]) {
      expect(Registry.register(holder, registry, key)).toStrictEqual({ type: 'registered' });
    }
    for (const key of [1, object, Number.NaN, 0, -0, undefined]) {
      expect(Registry.register(holder, registry, key)).toStrictEqual({
        type: 'alreadyRegistered',
        pid: holder.pid,
      });
    }
    expect(Registry.count(registry)).toBe(11);
  });

  test('RG29 are found, and unregistered, by an equal key', async () => {
    const system = createTestSystem();
    const registry = await startDuplicate(system);
    for (const key of [Number.NaN, 0, Number.NaN]) {
      Registry.register(system, registry, key, key);
    }
    expect(Registry.values(registry, Number.NaN, system.pid)).toStrictEqual([
      Number.NaN,
      Number.NaN,
    ]);
    expect(Registry.lookup(registry, -0)).toHaveLength(1);
    Registry.unregister(system, registry, Number.NaN);
    Registry.unregister(system, registry, -0);
    expect(Registry.count(registry)).toBe(0);
  });
});

describe('lock', () => {
  /**
   * A process that asks for the lock and holds it until `until` settles. It logs when it gets the
   * lock and when it frees it.
   */
  async function contender(
    system: TestSystem,
    registry: Registry.Unique,
    log: Log,
    name: string,
    key: string,
    until: () => Promise<unknown>,
  ) {
    const process = await idleProcess(system);
    const held = Registry.lock(process, registry, key, async () => {
      log.push([name, 'has it']);
      try {
        return await until();
      } finally {
        log.push([name, 'frees it']);
      }
    });
    const result = outcome(held);
    await settle(system);
    return { pid: process.pid, result };
  }
  const forever = (): Promise<never> => new Promise(() => {});

  test('RG28 keeps others out until its function has settled, in the order they came', async () => {
    const system = createTestSystem();
    const registry = await startUnique(system);
    const log: Log = [];
    const { promise, resolve } = Promise.withResolvers<string>();
    const a = await contender(system, registry, log, 'a', 'k', () => promise);
    const b = await contender(system, registry, log, 'b', 'k', async () => 'b is done');
    const c = await contender(system, registry, log, 'c', 'k', async () => 'c is done');
    expect(log).toStrictEqual([['a', 'has it']]);
    resolve('a is done');
    expect(await Promise.all([a.result, b.result, c.result])).toStrictEqual([
      { value: 'a is done' },
      { value: 'b is done' },
      { value: 'c is done' },
    ]);
    expect(log).toStrictEqual([
      ['a', 'has it'],
      ['a', 'frees it'],
      ['b', 'has it'],
      ['b', 'frees it'],
      ['c', 'has it'],
      ['c', 'frees it'],
    ]);
  });

  test('RG28 is free again when its function throws', async () => {
    const system = createTestSystem();
    const registry = await startUnique(system);
    const log: Log = [];
    const { promise, reject } = Promise.withResolvers<never>();
    const a = await contender(system, registry, log, 'a', 'k', () => promise);
    const b = await contender(system, registry, log, 'b', 'k', async () => 'done');
    reject(new Error('no'));
    expect(await a.result).toStrictEqual({ error: new Error('no') });
    expect(await b.result).toStrictEqual({ value: 'done' });
    expect(log).toStrictEqual([
      ['a', 'has it'],
      ['a', 'frees it'],
      ['b', 'has it'],
      ['b', 'frees it'],
    ]);
  });

  test('RG28 is free again when its function throws at once', async () => {
    const system = createTestSystem();
    const registry = await startUnique(system);
    const fail = (): never => {
      throw new Error('no');
    };
    await expect(Registry.lock(system, registry, 'k', fail)).rejects.toThrow(new Error('no'));
    expect(await Registry.lock(system, registry, 'k', () => 'done')).toBe('done');
  });

  test('RG28 is free again when its holder ends, though its function never settles', async () => {
    const system = createTestSystem();
    const registry = await startUnique(system);
    const log: Log = [];
    const a = await contender(system, registry, log, 'a', 'k', forever);
    await contender(system, registry, log, 'b', 'k', async () => 'done');
    exit(system, a.pid, kill);
    await settle(system);
    expect(log).toStrictEqual([
      ['a', 'has it'],
      ['b', 'has it'],
      ['b', 'frees it'],
    ]);
  });

  test('RG28 is freed only once by a holder that ends and whose function settles later', async () => {
    const system = createTestSystem();
    const registry = await startUnique(system);
    const log: Log = [];
    const { promise, resolve } = Promise.withResolvers<string>();
    const a = await contender(system, registry, log, 'a', 'k', () => promise);
    await contender(system, registry, log, 'b', 'k', forever);
    await contender(system, registry, log, 'c', 'k', forever);
    exit(system, a.pid, kill);
    await settle(system);
    resolve('late');
    await settle(system);
    expect(log).toStrictEqual([
      ['a', 'has it'],
      ['b', 'has it'],
      ['a', 'frees it'],
    ]);
  });

  test('RG28 skips a process that ended while it waited, or at the moment it got the lock', async () => {
    const system = createTestSystem();
    const registry = await startUnique(system);
    const log: Log = [];
    const a = await contender(system, registry, log, 'a', 'k', forever);
    const b = await contender(system, registry, log, 'b', 'k', forever);
    const c = await contender(system, registry, log, 'c', 'k', forever);
    await contender(system, registry, log, 'd', 'k', forever);
    exit(system, b.pid, kill);
    exit(system, a.pid, kill);
    exit(system, c.pid, kill);
    await settle(system);
    expect(log).toStrictEqual([
      ['a', 'has it'],
      ['d', 'has it'],
    ]);
  });

  test('RG28 of another key, or of another registry, does not wait', async () => {
    const system = createTestSystem();
    const [registry, other] = [await startUnique(system), await startUnique(system)];
    const log: Log = [];
    await contender(system, registry, log, 'a', 'k', forever);
    await contender(system, registry, log, 'b', 'l', forever);
    await contender(system, other, log, 'c', 'k', forever);
    expect(log).toStrictEqual([
      ['a', 'has it'],
      ['b', 'has it'],
      ['c', 'has it'],
    ]);
  });

  test('RG28 is independent of the registrations under the key', async () => {
    const system = createTestSystem();
    const registry = await startUnique(system);
    const log: Log = [];
    await contender(system, registry, log, 'a', 'k', forever);
    const holder = await idleProcess(system);
    expect(Registry.register(holder, registry, 'k')).toStrictEqual({ type: 'registered' });
  });

  test('RG28 rejects the waiting calls when the registry ends; the holder goes on', async () => {
    const system = createTestSystem();
    const registry = await startUnique(system);
    const log: Log = [];
    const { promise, resolve } = Promise.withResolvers<string>();
    const a = await contender(system, registry, log, 'a', 'k', () => promise);
    const b = await contender(system, registry, log, 'b', 'k', forever);
    exit(system, registry, shutdown);
    expect(await b.result).toStrictEqual({ exit: shutdown });
    resolve('done');
    expect(await a.result).toStrictEqual({ value: 'done' });
    expect(log).toStrictEqual([
      ['a', 'has it'],
      ['a', 'frees it'],
    ]);
  });
});

describe('via', () => {
  const setup = async (system: TestSystem) =>
    Registry.start<string, string, Counter>(system, { keys: 'unique' });

  test('RG12 is a name to start a server by, free again when it ends', async () => {
    const system = createTestSystem();
    const registry = await setup(system);
    const via = Registry.via(registry, 'c', 'meta');
    const server = await GenServer.start(system, counter, 1, { name: via });
    expect(Registry.lookup(registry, 'c')).toStrictEqual([{ pid: server, value: 'meta' }]);
    await GenServer.stop(server);
    expect(Registry.lookup(registry, 'c')).toStrictEqual([]);
    const next = await GenServer.start(system, counter, 1, { name: via });
    expect(Registry.lookup(registry, 'c')).toStrictEqual([{ pid: next, value: 'meta' }]);
  });

  test.each([
    ['start', GenServer.start<typeof counter>],
    ['startLink', GenServer.startLink<typeof counter>],
  ])('RG12 that is taken fails a %s without init or EXIT', async (_name, start) => {
    const system = createTestSystem();
    const registry = await setup(system);
    const starter = await idleProcess(system, { traps: true });
    const via = Registry.via(registry, 'c', 'meta');
    const server = await GenServer.start(system, counter, 1, { name: via });
    expect(await outcome(start(starter, counter, 2, { name: via }))).toStrictEqual({
      exit: { type: 'alreadyStarted', pid: server },
    });
    await settle(system);
    expect(await drain(starter)).toStrictEqual([]);
    expect(Registry.count(registry)).toBe(1);
  });

  test('RG12 of a start that failed is free', async () => {
    const system = createTestSystem();
    const registry = await Registry.start<string>(system, { keys: 'unique' });
    const failing = GenServer.define({ init: () => stop(crash('no')) });
    const via = Registry.via(registry, 'c');
    expect(await outcome(GenServer.start(system, failing, undefined, { name: via }))).toStrictEqual(
      {
        exit: crash('no'),
      },
    );
    expect(Registry.count(registry)).toBe(0);
  });

  test('RG12 is accepted wherever a pid is, and looked up each time', async () => {
    const system = createTestSystem();
    const registry = await setup(system);
    const via = Registry.via(registry, 'c', 'meta');
    expect(await outcome(GenServer.call(via, 'next'))).toStrictEqual({ exit: noproc });
    GenServer.cast(via, 'set', 0);
    expect(() => send(via, 1)).toThrow(
      `Expected a registered name to send to, got "c" in ${String(registry)}`,
    );
    sendAfter(via, 40, 10);
    const first = await GenServer.start(system, counter, 1, { name: via });
    expect(await GenServer.call(via, 'next')).toBe(1);
    GenServer.cast(via, 'set', 7);
    expect(await GenServer.call(via, 'next')).toBe(7);
    await advance(system, 10);
    expect(await GenServer.call(via, 'next')).toBe(40);
    const watcher = await idleProcess(system);
    const ref = monitor(watcher, via);
    await GenServer.stop(via);
    expect(isAlive(first)).toBe(false);
    await GenServer.start(system, counter, 2, { name: via });
    expect(await GenServer.call(via, 'next')).toBe(2);
    const [down] = (await drain(watcher)) as [{ readonly ref: unknown; readonly name: string }];
    expect(down.ref).toBe(ref);
    expect(down.name).toBe(String(via));
  });

  test('RG12 by the name of a registry survives its restart', async () => {
    const system = createTestSystem();
    const counters = name<Registry.Unique<string, undefined, Counter>>('counters');
    const via = Registry.via(counters.in(system), 'c');
    expect(await outcome(GenServer.call(via, 'next'))).toStrictEqual({ exit: noproc });
    expect(await outcome(GenServer.start(system, counter, 1, { name: via }))).toStrictEqual({
      error: new Error('Expected a running registry, got "counters", which is not running'),
    });
    for (const count of [1, 2]) {
      const registry = await Registry.start(system, { keys: 'unique', name: counters });
      await GenServer.start(system, counter, count, { name: via });
      expect(await GenServer.call(via, 'next')).toBe(count);
      await GenServer.stop(registry, shutdown);
    }
  });

  test('RG24 to a duplicate registry is an error', async () => {
    const system = createTestSystem();
    const registry: unknown = await startDuplicate(system);
    expect(() => Registry.via(registry as Registry.Unique, 'c')).toThrow(
      new TypeError(
        `Expected a registry with unique keys, got ${String(registry)}, whose keys are duplicate`,
      ),
    );
  });

  test('RG24 by the name of a duplicate registry fails a start, and is the address of no process', async () => {
    const system = createTestSystem();
    const counters = name<Registry.Unique<string, undefined, Counter>>('counters');
    const via = Registry.via(counters.in(system), 'c');
    const registry = await Registry.start(system, { keys: 'duplicate', name: 'counters' });
    await expect(GenServer.start(system, counter, 1, { name: via })).rejects.toThrow(
      new TypeError(
        'Expected a registry with unique keys, got "counters", whose keys are duplicate',
      ),
    );
    expect(Registry.count(registry)).toBe(0);
    Registry.register(system, registry, 'c');
    expect(await outcome(GenServer.call(via, 'next'))).toStrictEqual({ exit: noproc });
  });
});

describe('types', () => {
  const system = createTestSystem();
  const misuse = (_wrong: () => unknown): void => undefined;

  test('a registry knows its keys, values and processes', async () => {
    const registry = await Registry.start<'a' | 'b', number, Pid<'tick'>>(system, {
      keys: 'unique',
    });
    expectTypeOf(registry).toEqualTypeOf<Registry.Unique<'a' | 'b', number, Pid<'tick'>>>();
    expectTypeOf(Registry.lookup(registry, 'a')).toEqualTypeOf<
      readonly Registry.Entry<number, Pid<'tick'>>[]
    >();
    expectTypeOf(Registry.keys(registry, system.pid)).toEqualTypeOf<readonly ('a' | 'b')[]>();
    const ticker: Process<'tick'> = await idleProcess(system);
    const answer = Registry.register(ticker, registry, 'a', 1);
    expectTypeOf(answer).toEqualTypeOf<Registry.Registered<Pid<'tick'>>>();
    Registry.dispatch(registry, 'a', ([first]) => {
      expectTypeOf(first).toEqualTypeOf<Registry.Entry<number, Pid<'tick'>> | undefined>();
    });
    expectTypeOf(Registry.via(registry, 'a', 1)).toExtend<Parameters<typeof send<'tick'>>[0]>();
    misuse(() => [
      // @ts-expect-error: no such key
      Registry.lookup(registry, 'c'),
      // @ts-expect-error: the value is missing
      Registry.register(ticker, registry, 'a'),
      // @ts-expect-error: the value is not a number
      Registry.register(ticker, registry, 'a', 'one'),
      // @ts-expect-error: the process accepts no messages
      Registry.register(system, registry, 'a', 1),
      // @ts-expect-error: it is not a registry
      Registry.lookup(system.pid, 'a'),
    ]);
    expect(answer).toStrictEqual({ type: 'registered' });
  });

  test('only a unique registry has an address for a key, and one value to update', async () => {
    const registry = await Registry.start<string, number>(system, { keys: 'duplicate' });
    expectTypeOf(registry).toEqualTypeOf<Registry.Duplicate<string, number>>();
    misuse(() => [
      // @ts-expect-error: its keys are duplicate
      Registry.via(registry, 'a', 1),
      // @ts-expect-error: its keys are duplicate
      Registry.updateValue(system, registry, 'a', (value) => value),
    ]);
    expect(Registry.count(registry)).toBe(0);
  });

  test('a name has the type of its registry, and must be of the right kind', async () => {
    const rooms = name<Registry.Unique<string, number>>('rooms');
    const registry = await Registry.start(system, { keys: 'unique', name: rooms });
    expectTypeOf(registry).toEqualTypeOf<Registry.Unique<string, number>>();
    misuse(() =>
      // @ts-expect-error: the name is that of a unique registry
      Registry.start(system, { keys: 'duplicate', name: rooms }),
    );
    expect(Registry.count(registry)).toBe(0);
  });
});
