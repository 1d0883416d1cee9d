import { describe, expect, test } from '@jest/globals';
import {
  crash,
  type Destination,
  GenServer,
  isAlive,
  name,
  noreply,
  normal,
  ok,
  type Process,
  reply,
  send,
  shutdown,
  spawn,
  spawnLink,
  stop,
  Supervisor,
  sys,
  trapExit,
} from '@reprise/actor';
import { advance, createTestSystem, settle, type TestSystem } from '@reprise/actor/testing';
import { expectTypeOf } from 'expect-type';

import { cellOf } from '../../src/process/cell.ts';
import type { ServerProcess } from '../../src/server/server-process.ts';
import { logOutcome, outcome } from '../support/outcome.ts';
import { forever } from '../support/processes.ts';

/** Collects the payloads of its casts, in order; logs its end. */
const collector = (log: unknown[] = []) =>
  GenServer.define({
    init: (kept: readonly unknown[], self) => {
      trapExit(self, true);
      return ok(kept);
    },
    handleCall: {
      get: (_, kept) => reply(kept, kept),
      later: (_, kept) => noreply(kept),
      fail: (): never => {
        throw new Error('failed');
      },
      leave: (_, kept) => stop(normal, 'bye', kept),
    },
    handleCast: {
      keep: (value: number | string, kept) => noreply([...kept, value]),
      keepLater: async (value: number | string, kept) => noreply([...kept, value]),
      keepNext: (value: number | string, kept) => noreply(kept, { continue: value }),
    },
    handleContinue: (value: number | string, kept) => noreply([...kept, value]),
    handleInfo: (message: number | string, kept) => noreply([...kept, message]),
    terminate: (reason, kept) => {
      log.push(['terminate', reason, kept]);
    },
  });
type Collector = GenServer.ServerOf<ReturnType<typeof collector>>;

async function started(
  log: unknown[] = [],
): Promise<{ readonly system: TestSystem; readonly server: Collector }> {
  const system = createTestSystem();
  return { system, server: await GenServer.start(system, collector(log), []) };
}

const bang = crash('bang');
const noproc = { exit: { type: 'noproc' } };

/** Every request of sys, for the rules that hold for all of them. */
const requests: readonly [
  string,
  (server: Destination, options?: sys.SysOptions) => Promise<unknown>,
][] = [
  ['getState', (server, options) => sys.getState(server, options)],
  ['replaceState', (server, options) => sys.replaceState(server, (state) => state, options)],
  ['getStatus', (server, options) => sys.getStatus(server, options)],
  ['suspend', (server, options) => sys.suspend(server, options)],
  ['resume', (server, options) => sys.resume(server, options)],
  ['terminate', (server, options) => sys.terminate(server, normal, options)],
  ['changeCode', (server, options) => sys.changeCode(server, collector(), undefined, options)],
  ['install', (server, options) => sys.install(server, (state) => state, 0, options)],
  ['remove', (server, options) => sys.remove(server, (state) => state, options)],
  ['noDebug', (server, options) => sys.noDebug(server, options)],
  ['statistics', (server, options) => sys.statistics(server, 'get', options)],
  ['log', (server, options) => sys.log(server, 'get', options)],
  ['trace', (server, options) => sys.trace(server, true, options)],
];

describe('getState and replaceState', () => {
  test('SY01 getState answers in its turn, with the state that the messages before it have left', async () => {
    const { server } = await started();
    GenServer.cast(server, 'keep', 1);
    const between = sys.getState(server);
    GenServer.cast(server, 'keep', 2);
    expect(await between).toStrictEqual([1]);
    expect(await sys.getState(server)).toStrictEqual([1, 2]);
  });

  test('SY01 getState waits for a callback that has not settled', async () => {
    const { server } = await started();
    GenServer.cast(server, 'keepLater', 1);
    expect(await sys.getState(server)).toStrictEqual([1]);
  });

  test('SY01 a full mailbox accepts the request, which is none of its messages', async () => {
    const system = createTestSystem();
    const mailbox = { capacity: 1, overflow: 'reject' } as const;
    const server = await GenServer.start(system, collector(), [], { mailbox });
    const first = sys.getState(server);
    GenServer.cast(server, 'keep', 1);
    GenServer.cast(server, 'keep', 2);
    const last = sys.getState(server);
    expect(await Promise.all([first, last])).toStrictEqual([[], [1]]);
  });

  test('SY02 replaceState resolves with the result of the function, which the server keeps', async () => {
    const { server } = await started();
    GenServer.cast(server, 'keep', 1);
    expect(
      await sys.replaceState(server, (kept: number[]) => kept.map((n) => n + 1)),
    ).toStrictEqual([2]);
    expect(await GenServer.call(server, 'get')).toStrictEqual([2]);
  });

  test.each([new Error('oops'), 'oops'])(
    'SY03 replaceState rejects with callbackFailed when the function throws %p; the server lives and keeps its state',
    async (thrown) => {
      const { server } = await started();
      GenServer.cast(server, 'keep', 1);
      const replaced = sys.replaceState(server, () => {
        throw thrown;
      });
      expect(await outcome(replaced)).toStrictEqual({
        exit: { type: 'callbackFailed', callback: 'replaceState', error: thrown },
      });
      expect(await GenServer.call(server, 'get')).toStrictEqual([1]);
    },
  );

  test('SY03 the error names the request and the cause', async () => {
    const { server } = await started();
    const oops = new Error('oops');
    const replaced = sys.replaceState(server, () => {
      throw oops;
    });
    await expect(replaced).rejects.toMatchObject({
      message: 'sys.replaceState of #Pid<2>: replaceState failed: Error: oops',
      cause: oops,
    });
  });

  test('the type of a state is declared by the caller, not checked', async () => {
    const { server } = await started();
    expectTypeOf(sys.getState(server)).toEqualTypeOf<Promise<unknown>>();
    expectTypeOf(sys.getState<string[]>(server)).toEqualTypeOf<Promise<string[]>>();
    expectTypeOf(sys.replaceState(server, (n: number[]) => n)).toEqualTypeOf<Promise<number[]>>();
    // @ts-expect-error: the new state has the type of the old one
    await sys.replaceState(server, (state: number[]) => state.length);
  });
});

describe('suspend and resume', () => {
  test('SY04 a call to a suspended server times out', async () => {
    const { system, server } = await started();
    await sys.suspend(server);
    const log: unknown[] = [];
    logOutcome(log, 'call', GenServer.call(server, 'get', undefined, { timeout: 100 }));
    await advance(system, 99);
    expect(log).toStrictEqual([]);
    await advance(system, 1);
    expect(log).toStrictEqual([['call', 'timeout']]);
  });

  test('SY05 a suspended server still answers getState, replaceState and getStatus', async () => {
    const { server } = await started();
    await sys.suspend(server);
    GenServer.cast(server, 'keep', 1);
    expect(await sys.getState(server)).toStrictEqual([]);
    expect(await sys.replaceState(server, () => ['replaced'])).toStrictEqual(['replaced']);
    expect((await sys.getStatus(server)).status).toBe('suspended');
    await sys.resume(server);
    expect(await sys.getState(server)).toStrictEqual(['replaced', 1]);
  });

  test('SY05 requests that were in the mailbox at the suspension are answered, in order, before other messages', async () => {
    const { system, server } = await started();
    const log: unknown[] = [];
    logOutcome(log, 'suspend', sys.suspend(server));
    GenServer.cast(server, 'keep', 1);
    logOutcome(log, 'state', sys.getState(server));
    logOutcome(log, 'suspend again', sys.suspend(server));
    logOutcome(
      log,
      'replace',
      sys.replaceState(server, () => ['replaced']),
    );
    const last = sys.getState(server);
    expect(await last).toStrictEqual(['replaced']);
    await settle(system);
    expect(log).toStrictEqual([
      ['suspend', { value: undefined }],
      ['state', { value: [] }],
      ['suspend again', { value: undefined }],
      ['replace', { value: ['replaced'] }],
    ]);
  });

  test('SY06 the messages to a suspended server are handled after resume, in order', async () => {
    const { server } = await started();
    await sys.suspend(server);
    for (const message of [1, 2, 3]) {
      send(server, message);
    }
    await sys.resume(server);
    expect(await GenServer.call(server, 'get')).toStrictEqual([1, 2, 3]);
  });

  test('SY06 a request sent after resume is handled after the messages that waited, and before later ones', async () => {
    const { server } = await started();
    await sys.suspend(server);
    GenServer.cast(server, 'keep', 1);
    const resumed = sys.resume(server);
    const state = sys.getState(server);
    GenServer.cast(server, 'keep', 2);
    await resumed;
    expect(await state).toStrictEqual([1]);
    expect(await sys.getState(server)).toStrictEqual([1, 2]);
  });

  test('SY06 a bounded mailbox stays bounded while its server is suspended', async () => {
    const system = createTestSystem();
    const mailbox = { capacity: 2, overflow: 'dropOldest' } as const;
    const server = await GenServer.start(system, collector(), [], { mailbox });
    await sys.suspend(server);
    for (const value of [1, 2, 3]) {
      GenServer.cast(server, 'keep', value);
    }
    await sys.resume(server);
    expect(await sys.getState(server)).toStrictEqual([2, 3]);
  });

  test('SY07 suspending twice is the same as once: one resume lets it run', async () => {
    const { server } = await started();
    await sys.suspend(server);
    await sys.suspend(server);
    await sys.resume(server);
    expect(await GenServer.call(server, 'get')).toStrictEqual([]);
    expect((await sys.getStatus(server)).status).toBe('running');
  });

  test('SY08 GenServer.stop ends a suspended server, which runs terminate', async () => {
    const log: unknown[] = [];
    const { server } = await started(log);
    await sys.suspend(server);
    GenServer.cast(server, 'keep', 1);
    await GenServer.stop(server, shutdown);
    expect(log).toStrictEqual([['terminate', shutdown, []]]);
    expect(isAlive(server)).toBe(false);
  });

  test('SY08 sys.terminate ends a suspended server, which runs terminate', async () => {
    const log: unknown[] = [];
    const { system, server } = await started(log);
    await sys.suspend(server);
    await sys.terminate(server, bang);
    await settle(system);
    expect(log).toStrictEqual([['terminate', bang, []]]);
    expect(isAlive(server)).toBe(false);
  });

  test('SY08 the report of an abnormal reason names no last message: terminate is a system request', async () => {
    const { system, server } = await started();
    GenServer.cast(server, 'keep', 1);
    await sys.terminate(server, bang);
    await settle(system);
    expect(system.reports).toMatchObject([{ details: { state: [1] } }]);
    expect(system.reports[0]?.details).not.toHaveProperty('lastMessage');
  });

  test('SY08 sys.terminate resolves before the server has ended', async () => {
    const system = createTestSystem();
    const slow = GenServer.define({ init: () => ok(0), terminate: forever });
    const server = await GenServer.start(system, slow, undefined);
    await sys.terminate(server, normal);
    expect(isAlive(server)).toBe(true);
  });

  test('SY08 a suspended server that traps exits ends with its parent, and runs terminate', async () => {
    const log: unknown[] = [];
    const system = createTestSystem();
    let server: Collector | undefined;
    const parent = spawn<'go'>(system, async (self) => {
      server = await GenServer.startLink(self, collector(log), []);
      await sys.suspend(server);
      await self.receive();
      throw new Error('parent');
    });
    await settle(system);
    send(parent, 'go');
    await settle(system);
    expect(log).toStrictEqual([['terminate', crash(new Error('parent')), []]]);
    expect(server && isAlive(server)).toBe(false);
  });

  test('SY09 a call that timed out while its server was suspended is handled after resume, and its reply dropped', async () => {
    const { system, server } = await started();
    await sys.suspend(server);
    const log: unknown[] = [];
    const handled: unknown[] = [];
    const watch: sys.Hook<undefined> = (_, { type }) => void handled.push(type);
    await sys.install(server, watch, undefined);
    logOutcome(log, 'call', GenServer.call(server, 'get', undefined, { timeout: 10 }));
    await advance(system, 10);
    await sys.resume(server);
    await settle(system);
    expect(handled).toStrictEqual(['in', 'out']);
    expect(log).toStrictEqual([['call', 'timeout']]);
    expect(await sys.getState(server)).toStrictEqual([]);
  });

  test('resuming a server that runs does nothing', async () => {
    const { server } = await started();
    await sys.resume(server);
    expect(await GenServer.call(server, 'get')).toStrictEqual([]);
  });

  test('a suspended server that does not trap exits ends by an exit signal', async () => {
    const system = createTestSystem();
    const server = await GenServer.start(
      system,
      GenServer.define({ init: () => ok(0) }),
      undefined,
    );
    await sys.suspend(server);
    spawn(system, (self) => {
      spawnLink(self, () => {});
    });
    await settle(system);
    expect(isAlive(server)).toBe(true);
    await system.stop();
    expect(isAlive(server)).toBe(false);
  });
});

describe('getStatus', () => {
  test('SY10 has the status of a server, its parent and its code', async () => {
    const system = createTestSystem();
    const behaviour = collector();
    const server = await GenServer.startLink(system, behaviour, ['a'], { name: 'collector' });
    const running = {
      pid: server,
      name: 'collector',
      status: 'running',
      parent: system.pid,
      behaviour,
      state: ['a'],
      log: [],
    };
    expect(await sys.getStatus(server)).toStrictEqual(running);
    await sys.suspend(server);
    expect(await sys.getStatus(server)).toStrictEqual({ ...running, status: 'suspended' });
    await sys.resume(server);
    expect(await sys.getStatus(server)).toStrictEqual(running);
  });

  test('SY10 shows the state as formatStatus does, and the log', async () => {
    const system = createTestSystem();
    const secret = GenServer.define({
      init: () => ok({ password: 'sesame' }),
      handleInfo: (_: string, state) => noreply(state),
      formatStatus: () => 'hidden',
    });
    const server = await GenServer.start(system, secret, undefined);
    await sys.log(server, true, { size: 1 });
    send(server, 'hello');
    const { state, log } = await sys.getStatus(server);
    expect(state).toBe('hidden');
    expect(log).toStrictEqual([{ type: 'noreply', state: { password: 'sesame' } }]);
  });
});

describe('statistics', () => {
  test('SY11 there are none while they are off', async () => {
    const { server } = await started();
    expect(await sys.statistics(server, 'get')).toBeUndefined();
    await sys.statistics(server, true);
    await sys.statistics(server, false);
    expect(await sys.statistics(server, 'get')).toBeUndefined();
  });

  test('SY12 one call and one cast are two messages in and one out', async () => {
    const { system, server } = await started();
    await advance(system, 5);
    await sys.statistics(server, true);
    await GenServer.call(server, 'get');
    GenServer.cast(server, 'keep', 1);
    await advance(system, 10);
    expect(await sys.statistics(server, 'get')).toStrictEqual({
      startTime: 5,
      currentTime: 15,
      messagesIn: 2,
      messagesOut: 1,
    });
  });

  test('SY12 turned on again they start from zero', async () => {
    const { server } = await started();
    await sys.statistics(server, true);
    await GenServer.call(server, 'get');
    await sys.statistics(server, true);
    expect(await sys.statistics(server, 'get')).toMatchObject({ messagesIn: 0, messagesOut: 0 });
  });
});

describe('install', () => {
  const list = (): [unknown[], sys.Hook<number>] => {
    const seen: unknown[] = [];
    const hook: sys.Hook<number> = (count, event) => {
      seen.push([count, event]);
      return count + 1;
    };
    return [seen, hook];
  };

  test('SY13 a hook sees a call and a cast as in, out, in, noreply, with its state threaded through, until removed', async () => {
    const { server } = await started();
    const [seen, hook] = list();
    await sys.install(server, hook, 1);
    await GenServer.call(server, 'get');
    GenServer.cast(server, 'keep', 'a');
    await sys.remove(server, hook);
    await GenServer.call(server, 'get');
    expect(seen).toStrictEqual([
      [1, { type: 'in', message: { type: 'call', request: 'get', payload: undefined } }],
      [2, { type: 'out', value: [], state: [] }],
      [3, { type: 'in', message: { type: 'cast', request: 'keep', payload: 'a' } }],
      [4, { type: 'noreply', state: ['a'] }],
    ]);
  });

  test('SY13 noDebug removes every hook, and turns off statistics, log and trace', async () => {
    const { system, server } = await started();
    const [seen, hook] = list();
    await sys.install(server, hook, 1);
    await sys.statistics(server, true);
    await sys.log(server, true);
    await sys.trace(server, true);
    await sys.noDebug(server);
    await GenServer.call(server, 'get');
    expect(seen).toStrictEqual([]);
    expect(await sys.statistics(server, 'get')).toBeUndefined();
    expect(await sys.log(server, 'get')).toStrictEqual([]);
    expect(system.reports).toStrictEqual([]);
  });

  test('SY13 a hook sees messages, continues, callbacks that await, and the reply of a stop', async () => {
    const { system, server } = await started();
    const [seen, hook] = list();
    await sys.install(server, hook, 1);
    send(server, 'hello');
    GenServer.cast(server, 'keepNext', 'next');
    GenServer.cast(server, 'keepLater', 'later');
    void GenServer.call(server, 'later', undefined, { timeout: Infinity }).catch(() => undefined);
    await GenServer.call(server, 'leave');
    await settle(system);
    const kept = ['hello', 'next', 'later'];
    expect(seen.map((entry) => (entry as unknown[])[1])).toStrictEqual([
      { type: 'in', message: { type: 'info', message: 'hello' } },
      { type: 'noreply', state: ['hello'] },
      { type: 'in', message: { type: 'cast', request: 'keepNext', payload: 'next' } },
      { type: 'noreply', state: ['hello'] },
      { type: 'continue', value: 'next' },
      { type: 'noreply', state: ['hello', 'next'] },
      { type: 'in', message: { type: 'cast', request: 'keepLater', payload: 'later' } },
      { type: 'noreply', state: kept },
      { type: 'in', message: { type: 'call', request: 'later', payload: undefined } },
      { type: 'noreply', state: kept },
      { type: 'in', message: { type: 'call', request: 'leave', payload: undefined } },
      { type: 'out', value: 'bye', state: kept },
    ]);
  });

  test('SY13 a hook sees a message that ends its server, and nothing after it', async () => {
    const { system, server } = await started();
    const [seen, hook] = list();
    await sys.install(server, hook, 1);
    await outcome(GenServer.call(server, 'fail'));
    await settle(system);
    expect(seen).toStrictEqual([
      [1, { type: 'in', message: { type: 'call', request: 'fail', payload: undefined } }],
    ]);
  });

  test('SY13 a hook sees an idle timeout, but no request of sys', async () => {
    const system = createTestSystem();
    const idle = GenServer.define({
      init: () => ok(0, { timeout: 10 }),
      handleInfo: (_: { readonly type: 'timeout' }, count) => noreply(count + 1),
    });
    const server = await GenServer.start(system, idle, undefined);
    const [seen, hook] = list();
    await sys.install(server, hook, 1);
    await sys.getState(server);
    await advance(system, 10);
    expect(seen).toStrictEqual([
      [1, { type: 'in', message: { type: 'info', message: { type: 'timeout' } } }],
      [2, { type: 'noreply', state: 1 }],
    ]);
  });

  test('SY13 a hook sees no idle timeout that a message has cancelled', async () => {
    const system = createTestSystem();
    const idle = GenServer.define({
      init: () => ok(0, { timeout: 10 }),
      handleInfo: (_: string | { readonly type: 'timeout' }, count) => noreply(count + 1),
    });
    const server = await GenServer.start(system, idle, undefined);
    const [seen, hook] = list();
    await sys.install(server, hook, 1);
    await sys.suspend(server);
    send(server, 'first');
    await advance(system, 10);
    await sys.resume(server);
    await settle(system);
    expect(seen).toStrictEqual([
      [1, { type: 'in', message: { type: 'info', message: 'first' } }],
      [2, { type: 'noreply', state: 1 }],
    ]);
  });

  test('SY13 a server whose hooks are removed is like one that never had any', async () => {
    const { server } = await started();
    const cell = cellOf(server) as ServerProcess;
    const [, hook] = list();
    await sys.install(server, hook, 1);
    await sys.install(server, () => sys.done, 1);
    await GenServer.call(server, 'get');
    expect(cell.debug).toBeDefined();
    await sys.remove(server, hook);
    expect(cell.debug).toBeUndefined();
  });

  test('SY13 hooks are called in the order installed, from the next message on, in the same turn as well', async () => {
    const { server } = await started();
    const log: string[] = [];
    const hook = (name: string): sys.Hook<undefined> => {
      return (_, { type }) => void log.push(`${name} ${type}`);
    };
    const installed = [
      sys.install(server, hook('a'), undefined),
      sys.install(server, hook('b'), undefined),
    ];
    GenServer.cast(server, 'keep', 1);
    await Promise.all(installed);
    await sys.getState(server);
    expect(log).toStrictEqual(['a in', 'b in', 'a noreply', 'b noreply']);
  });

  test('SY13 a hook that is installed again keeps its state', async () => {
    const { server } = await started();
    const [seen, hook] = list();
    await sys.install(server, hook, 1);
    await sys.install(server, hook, 100);
    GenServer.cast(server, 'keep', 'a');
    await sys.getState(server);
    expect(seen).toMatchObject([
      [1, {}],
      [2, {}],
    ]);
  });

  test('SY13 a hook that returns done is removed', async () => {
    const { server } = await started();
    let calls = 0;
    const once: sys.Hook<number> = () => {
      calls += 1;
      return sys.done;
    };
    await sys.install(server, once, 0);
    await GenServer.call(server, 'get');
    expect(calls).toBe(1);
  });

  test('SY13 a hook that throws is reported and removed; the server and other hooks go on', async () => {
    const { system, server } = await started();
    const oops = new Error('oops');
    const [seen, hook] = list();
    const broken: sys.Hook<number> = () => {
      throw oops;
    };
    await sys.install(server, broken, 0);
    await sys.install(server, hook, 1);
    expect(await GenServer.call(server, 'get')).toStrictEqual([]);
    expect(seen).toHaveLength(2);
    expect(system.reports).toStrictEqual([
      {
        level: 'warn',
        message: '#Pid<2>: a debug hook failed and was removed',
        details: { err: oops },
      },
    ]);
  });

  test('SY13 the types of a hook and of its state agree', async () => {
    const { server } = await started();
    const hook: sys.Hook<number> = (count) => count + 1;
    // @ts-expect-error: a number is not a string
    await sys.install(server, hook, 'one');
    await sys.install(server, (names: string[], event) => [...names, event.type], ['none']);
    expect(await outcome(sys.remove(server, hook))).toStrictEqual({ value: undefined });
  });

  test('a value that is no hook is refused', async () => {
    const { server } = await started();
    const message = 'Expected a function (state, event, server) => …, got 1';
    expect(() => sys.install(server, 1 as never, 0)).toThrow(new TypeError(message));
    expect(() => sys.remove(server, 1 as never)).toThrow(new TypeError(message));
  });
});

describe('log and trace', () => {
  test('SY14 a log of size 2 keeps the last two events of three casts, oldest first', async () => {
    const { server } = await started();
    await sys.log(server, true, { size: 2 });
    for (const value of [1, 2, 3]) {
      GenServer.cast(server, 'keep', value);
    }
    expect(await sys.log(server, 'get')).toStrictEqual([
      { type: 'in', message: { type: 'cast', request: 'keep', payload: 3 } },
      { type: 'noreply', state: [1, 2, 3] },
    ]);
    await sys.log(server, false);
    expect(await sys.log(server, 'get')).toStrictEqual([]);
  });

  test('SY14 a log keeps ten events by default, and those that fit when its size changes', async () => {
    const { server } = await started();
    await sys.log(server, true);
    for (let value = 1; value <= 10; value++) {
      GenServer.cast(server, 'keep', value);
    }
    expect(await sys.log(server, 'get')).toHaveLength(10);
    await sys.log(server, true, { size: 1 });
    expect(await sys.log(server, 'get')).toMatchObject([{ type: 'noreply' }]);
    expect(() => sys.log(server, true, { size: 0 })).toThrow(
      new RangeError('Expected the size of a log to be a whole number from 1 on, got 0'),
    );
  });

  test('trace writes every event to the logger, one line each, until turned off', async () => {
    const system = createTestSystem();
    const server = await GenServer.start(system, collector(), [], { name: 'collector' });
    await sys.trace(server, true);
    await GenServer.call(server, 'get');
    GenServer.cast(server, 'keepNext', 'a');
    send(server, 'b');
    await sys.trace(server, false);
    await GenServer.call(server, 'get');
    expect(system.reports.map(({ message }) => message)).toStrictEqual([
      'collector got call get',
      'collector replied [], new state []',
      'collector got cast keepNext "a"',
      'collector new state []',
      'collector continues with "a"',
      'collector new state ["a"]',
      'collector got message "b"',
      'collector new state ["a","b"]',
    ]);
    expect(system.reports[0]).toMatchObject({ level: 'warn', details: { event: { type: 'in' } } });
  });
});

describe('changeCode', () => {
  const doubled = GenServer.define({
    init: (kept: readonly unknown[]) => ok({ kept }),
    handleCall: { get: (_, { kept }) => reply(['new', ...kept], { kept }) },
  });

  test('SY17 a suspended server goes on with the new code and the state made for it', async () => {
    const { server } = await started();
    GenServer.cast(server, 'keep', 1);
    await sys.suspend(server);
    await sys.changeCode(server, doubled, (kept: readonly unknown[]) => ({ kept }));
    await sys.resume(server);
    expect(await GenServer.call(server, 'get')).toStrictEqual(['new', 1]);
  });

  test('SY17 without a function the state stays as it is', async () => {
    const log: unknown[] = [];
    const { server } = await started();
    GenServer.cast(server, 'keep', 1);
    await sys.suspend(server);
    await sys.changeCode(server, collector(log));
    await sys.resume(server);
    await GenServer.stop(server);
    expect(log).toStrictEqual([['terminate', normal, [1]]]);
  });

  test('SY17 when it fails the old code and state go on, still suspended', async () => {
    const { server } = await started();
    GenServer.cast(server, 'keep', 1);
    await sys.suspend(server);
    const oops = new Error('oops');
    const changed = sys.changeCode(server, doubled, () => {
      throw oops;
    });
    expect(await outcome(changed)).toStrictEqual({
      exit: { type: 'callbackFailed', callback: 'changeCode', error: oops },
    });
    expect(await sys.getStatus(server)).toMatchObject({ status: 'suspended', state: [1] });
    await sys.resume(server);
    expect(await GenServer.call(server, 'get')).toStrictEqual([1]);
  });

  test('SY17 it fails for a server that is running, which goes on', async () => {
    const { server } = await started();
    const error = new Error('Expected a suspended server, got #Pid<2>, which is running');
    expect(await outcome(sys.changeCode(server, doubled))).toStrictEqual({
      exit: { type: 'callbackFailed', callback: 'changeCode', error },
    });
    expect(await GenServer.call(server, 'get')).toStrictEqual([]);
  });

  test('SY17 a value that is no behaviour is refused', async () => {
    const { server } = await started();
    expect(() => sys.changeCode(server, {} as never)).toThrow(
      new TypeError('Expected a behaviour, got {}'),
    );
  });
});

describe('every request', () => {
  test.each(requests)(
    'SY15 sys.%s of a process that has ended rejects with noproc',
    async (_, ask) => {
      const { system, server } = await started();
      await GenServer.stop(server);
      expect(await outcome(ask(server))).toStrictEqual(noproc);
      expect(await outcome(ask(name('free').in(system)))).toStrictEqual(noproc);
    },
  );

  test.each(requests)(
    'SY16 sys.%s of a plain process times out after its timeout',
    async (_, ask) => {
      const system = createTestSystem();
      const log: unknown[] = [];
      const plain = spawn(system, forever);
      await settle(system);
      logOutcome(log, 'given', ask(plain, { timeout: 10 }));
      logOutcome(log, 'default', ask(plain));
      await advance(system, 10);
      expect(log).toStrictEqual([['given', 'timeout']]);
      await advance(system, 4989);
      expect(log).toHaveLength(1);
      await advance(system, 1);
      expect(log).toStrictEqual([
        ['given', 'timeout'],
        ['default', 'timeout'],
      ]);
    },
  );

  test.each(requests)(
    'sys.%s of a plain process is no message to it, and fails when the process ends',
    async (_, ask) => {
      const system = createTestSystem();
      const got: unknown[] = [];
      const plain = spawn<unknown>(system, async (self) => {
        got.push(await self.receive());
        throw new Error('ended');
      });
      const asked = outcome(ask(plain));
      send(plain, 'hello');
      expect(await asked).toMatchObject({ exit: crash(new Error('ended')) });
      expect(got).toStrictEqual(['hello']);
    },
  );

  test.each(requests)('sys.%s of oneself is refused', async (_, ask) => {
    const system = createTestSystem();
    const asking = GenServer.define({
      init: () => ok(0),
      handleCall: {
        ask: async (_ask: undefined, state, __, self: Process) =>
          reply(await outcome(ask(self.pid)), state),
      },
    });
    const server = await GenServer.start(system, asking, undefined);
    expect(await GenServer.call(server, 'ask')).toStrictEqual({ exit: { type: 'callingSelf' } });
  });

  test.each(requests)('sys.%s refuses a value that is no timeout', async (_, ask) => {
    const { server } = await started();
    expect(() => ask(server, { timeout: -1 })).toThrow(RangeError);
  });

  test('SY16 with a timeout of 0 no answer can be in time', async () => {
    const { server } = await started();
    expect(await outcome(sys.getState(server, { timeout: 0 }))).toBe('timeout');
  });

  test('sys.terminate refuses a value that is no exit reason', async () => {
    const { server } = await started();
    expect(() => sys.terminate(server, 'now' as never)).toThrow(TypeError);
  });

  test('a server can be named instead of its pid', async () => {
    const system = createTestSystem();
    const collectorName = name<Collector>('collector');
    await GenServer.start(system, collector(), ['a'], { name: collectorName });
    expect(await sys.getState(collectorName.in(system))).toStrictEqual(['a']);
  });

  test('a supervisor is a server as well: suspended, it restarts no child until resumed', async () => {
    const system = createTestSystem();
    let starts = 0;
    const counted = GenServer.define({ init: () => ok((starts += 1)) });
    const app = await Supervisor.startLink(system, {
      strategy: 'oneForOne',
      children: [GenServer.childSpec(counted, undefined, { id: 'counted' })],
    });
    await sys.suspend(app);
    expect((await sys.getStatus(app)).status).toBe('suspended');
    await GenServer.stop(Supervisor.child(app, 'counted'), bang);
    await settle(system);
    expect(starts).toBe(1);
    await sys.resume(app);
    await settle(system);
    expect(starts).toBe(2);
  });
});

describe('an idle timeout', () => {
  const idle = GenServer.define({
    init: () => ok([] as unknown[], { timeout: 100 }),
    handleInfo: (message: unknown, got) => noreply([...got, message]),
  });

  test('GC33 a request of sys neither cancels nor delays it', async () => {
    const system = createTestSystem();
    const server = await GenServer.start(system, idle, undefined);
    await advance(system, 60);
    expect(await sys.getState(server)).toStrictEqual([]);
    await advance(system, 39);
    expect(await sys.getState(server)).toStrictEqual([]);
    await advance(system, 1);
    expect(await sys.getState(server)).toStrictEqual([{ type: 'timeout' }]);
  });

  test('GC33 that falls due while its server is suspended is handled after resume', async () => {
    const system = createTestSystem();
    const server = await GenServer.start(system, idle, undefined);
    await sys.suspend(server);
    await advance(system, 1000);
    expect(await sys.getState(server)).toStrictEqual([]);
    await sys.resume(server);
    expect(await sys.getState(server)).toStrictEqual([{ type: 'timeout' }]);
  });

  test('GC33 of 0 is not stopped by a request that waits', async () => {
    const system = createTestSystem();
    const eager = GenServer.define({
      init: () => ok(0),
      handleCast: { wait: (_, count) => noreply(count, { timeout: 0 }) },
      handleInfo: (_: { readonly type: 'timeout' }, count) => noreply(count + 1),
    });
    const server = await GenServer.start(system, eager, undefined);
    GenServer.cast(server, 'wait');
    expect(await sys.getState(server)).toBe(0);
    await advance(system, 0);
    expect(await sys.getState(server)).toBe(1);
  });
});

describe('hibernate', () => {
  const sleepy = GenServer.define({
    init: (count: number) => ok(count, { hibernate: true }),
    handleCall: { get: (_, count) => reply(count, count, { hibernate: true }) },
    handleCast: {
      add: (by: number, count) => noreply(count + by, { hibernate: true }),
      next: (by: number, count) => noreply(count, { continue: by }),
    },
    handleContinue: (by: number, count) => noreply(count + by, { hibernate: true }),
    handleInfo: (by: number, count) => noreply(count + by, { hibernate: true }),
  });

  test('GC35 the next message is handled as after noreply', async () => {
    const system = createTestSystem();
    const server = await GenServer.start(system, sleepy, 1);
    GenServer.cast(server, 'add', 10);
    GenServer.cast(server, 'next', 100);
    send(server, 1000);
    expect(await GenServer.call(server, 'get')).toBe(1111);
    await settle(system);
    GenServer.cast(server, 'add', 10_000);
    expect(await GenServer.call(server, 'get')).toBe(11_111);
  });

  test('GC35 it stands alone: no timeout or continue beside it', () => {
    // @ts-expect-error: one action, or another
    expect(noreply(0, { hibernate: true, timeout: 5 })).toBeDefined();
    // @ts-expect-error: true, or left out
    expect(noreply(0, { hibernate: false })).toBeDefined();
  });
});
