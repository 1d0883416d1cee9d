import { describe, expect, jest, test } from '@jest/globals';
import {
  type Clock,
  crash,
  createSystem,
  exit,
  ExitError,
  type ExitReason,
  formatReason,
  GenServer,
  isAlive,
  kill,
  name,
  type Named,
  noproc,
  normal,
  send,
  shutdown,
  spawn,
  Supervisor,
  sys,
} from '@reprise/actor';
import {
  advance,
  createProbe,
  createTestSystem,
  type Probe,
  settle,
  type TestSystem,
  virtualClock,
} from '@reprise/actor/testing';
import {
  fromLogic,
  getSnapshot,
  type LogicPid,
  type LogicSpec,
  output,
  on,
  subscribe,
} from '@reprise/actor/xstate';
import { expectTypeOf } from 'expect-type';
import {
  type AnyActorLogic,
  assign,
  emit,
  fromCallback,
  fromObservable,
  fromPromise,
  fromTransition,
  log,
  setup,
  type SnapshotFrom,
  type Subscribable,
} from 'xstate';

import { logOutcome, outcome } from './support/outcome.ts';
import { forever } from './support/processes.ts';

type DoorEvent =
  | { readonly type: 'open' }
  | { readonly type: 'close'; readonly by?: string }
  | { readonly type: 'remove' }
  | { readonly type: 'slam' };

const slammed = new Error('slammed');

/** A door that closes after a while. The event `slam` is an error. */
const door = setup({
  types: {} as {
    context: { readonly opened: number };
    events: DoorEvent;
    input: { readonly opened?: number };
    output: number;
  },
  actions: {
    slam: () => {
      throw slammed;
    },
  },
}).createMachine({
  id: 'door',
  context: ({ input }) => ({ opened: input.opened ?? 0 }),
  initial: 'closed',
  on: { remove: '.removed', slam: { actions: 'slam' } },
  states: {
    closed: { on: { open: 'opened' } },
    opened: {
      entry: assign({ opened: ({ context }) => context.opened + 1 }),
      on: { close: 'closed' },
      after: { 1000: 'closed' },
    },
    removed: { type: 'final' },
  },
  output: ({ context }) => context.opened,
});
type Door = LogicPid<typeof door>;

/** Starts a process below a parent that traps exits: its end does not end the system. */
async function started<Logic extends AnyActorLogic>(
  spec: LogicSpec<Logic, string>,
): Promise<{
  readonly system: TestSystem;
  readonly parent: Probe;
  readonly pid: LogicPid<Logic>;
}> {
  const system = createTestSystem();
  const parent = createProbe(system, { trapExit: true });
  return { system, parent, pid: await spec.start(parent.self) };
}

const aDoor = (): ReturnType<typeof started<typeof door>> =>
  started(fromLogic(door, { input: {} }));

describe('a machine', () => {
  test('is sent its events, and answers a call with the snapshot after one', async () => {
    const { pid } = await aDoor();
    send(pid, { type: 'open' });
    send(pid, { type: 'close', by: 'Joe' });
    const snapshot = await GenServer.call(pid, 'send', { type: 'open' });
    expect(snapshot.value).toBe('opened');
    expect(snapshot.context).toStrictEqual({ opened: 2 });
  });

  test('begins with its input', async () => {
    const { pid } = await started(fromLogic(door, { input: { opened: 5 } }));
    expect(getSnapshot(pid).context).toStrictEqual({ opened: 5 });
  });

  test('ends normal when it is done, and its output stays to be read', async () => {
    const { system, parent, pid } = await aDoor();
    send(pid, { type: 'open' });
    send(pid, { type: 'remove' });
    await parent.expectExit(pid, normal);
    expect(getSnapshot(pid)).toMatchObject({ status: 'done', value: 'removed', output: 1 });
    expect(await output(pid)).toBe(1);
    expect(system.reports).toStrictEqual([]);
  });

  test('answers the call that it is done with, then ends', async () => {
    const { pid } = await aDoor();
    const snapshot = await GenServer.call(pid, 'send', { type: 'remove' });
    expect(snapshot).toMatchObject({ status: 'done', output: 0 });
    expect(isAlive(pid)).toBe(false);
    expect(await outcome(GenServer.call(pid, 'send', { type: 'open' }))).toStrictEqual({
      exit: noproc,
    });
  });

  test('that is done at once ends at once', async () => {
    const done = setup({}).createMachine({
      initial: 'end',
      states: { end: { type: 'final' } },
      output: 'ended',
    });
    const { system, pid } = await started(fromLogic(done));
    await settle(system);
    expect(isAlive(pid)).toBe(false);
    expect(await output(pid)).toBe('ended');
  });

  test('ends as a crash with the error of an action, which is reported with the last event and the snapshot', async () => {
    const { system, parent, pid } = await aDoor();
    send(pid, { type: 'slam' });
    await parent.expectExit(pid, crash(slammed));
    expect(getSnapshot(pid)).toMatchObject({ status: 'error', error: slammed });
    expect(system.reports).toMatchObject([
      {
        level: 'error',
        message: 'process #Pid<3> crashed: Error: slammed',
        details: {
          err: slammed,
          lastMessage: { type: 'slam' },
          state: { status: 'error', value: 'closed' },
        },
      },
    ]);
  });

  test('fails the call that it crashes with', async () => {
    const { pid } = await aDoor();
    expect(await outcome(GenServer.call(pid, 'send', { type: 'slam' }))).toStrictEqual({
      exit: crash(slammed),
    });
  });

  test('that fails to start rejects the start with its error', async () => {
    const system = createTestSystem();
    const broken = setup({}).createMachine({
      entry: () => {
        throw slammed;
      },
    });
    expect(await outcome(fromLogic(broken).start(system))).toStrictEqual({ exit: crash(slammed) });
    const noContext = setup({ types: {} as { context: object } }).createMachine({
      context: () => {
        throw slammed;
      },
    });
    expect(await outcome(fromLogic(noContext).start(system))).toStrictEqual({
      exit: crash(slammed),
    });
    expect(isAlive(system.pid)).toBe(true);
  });

  test('that is sent a value that is no event crashes', async () => {
    const { parent, pid } = await aDoor();
    send(pid, 'open' as never);
    const { reason } = await parent.expectExit(pid);
    expect(formatReason(reason)).toBe(
      `TypeError: Expected an event such as { type: 'open' }, got "open"`,
    );
  });

  test('passes a log action to the logger of the system', async () => {
    const talking = setup({}).createMachine({
      entry: [log('hello'), log(() => ({ a: 1 }), 'label')],
    });
    const { system, pid } = await started(fromLogic(talking, { name: 'talker' }));
    expect(system.reports).toStrictEqual([
      {
        level: 'warn',
        message: 'talker: hello',
        details: { process: String(pid), values: ['hello'] },
      },
      {
        level: 'warn',
        message: 'talker: label {"a":1}',
        details: { process: String(pid), values: ['label', { a: 1 }] },
      },
    ]);
  });

  test('that does not trap exits ends with a process that it is linked to, and its actor is stopped', async () => {
    const system = createTestSystem();
    let pid: Door | undefined;
    const parent = spawn<'fail'>(system, async (self) => {
      pid = await fromLogic(door, { input: {} }).start(self);
      await self.receive();
      throw slammed;
    });
    await settle(system);
    send(parent, 'fail');
    await settle(system);
    expect(pid && getSnapshot(pid).status).toBe('stopped');
    expect(await outcome(output(pid as Door))).toStrictEqual({ exit: crash(slammed) });
  });
});

describe('a delayed transition', () => {
  test('runs on the clock of the system', async () => {
    const { system, pid } = await aDoor();
    await GenServer.call(pid, 'send', { type: 'open' });
    await advance(system, 999);
    expect(getSnapshot(pid).value).toBe('opened');
    await advance(system, 1);
    expect(getSnapshot(pid).value).toBe('closed');
  });

  test('of a state that was left does not happen', async () => {
    const { system, pid } = await aDoor();
    await GenServer.call(pid, 'send', { type: 'open' });
    await advance(system, 500);
    await GenServer.call(pid, 'send', { type: 'close' });
    await GenServer.call(pid, 'send', { type: 'open' });
    await advance(system, 999);
    expect(getSnapshot(pid).value).toBe('opened');
    await advance(system, 1);
    expect(getSnapshot(pid).value).toBe('closed');
  });

  test('of a state that was left is no message of the process', async () => {
    const { system, pid } = await aDoor();
    await GenServer.call(pid, 'send', { type: 'open' });
    await GenServer.call(pid, 'send', { type: 'close' });
    await sys.statistics(pid, true);
    await advance(system, 1000);
    expect(await sys.statistics(pid, 'get')).toMatchObject({ messagesIn: 0 });
  });

  test('has its turn in the mailbox: an event that was there before it may still leave the state', async () => {
    const { system, pid } = await aDoor();
    await GenServer.call(pid, 'send', { type: 'open' });
    await sys.suspend(pid);
    send(pid, { type: 'close' });
    send(pid, { type: 'open' });
    await advance(system, 1000);
    expect(getSnapshot(pid).value).toBe('opened');
    await sys.resume(pid);
    await settle(system);
    expect(getSnapshot(pid)).toMatchObject({ value: 'opened', context: { opened: 2 } });
    await advance(system, 1000);
    expect(getSnapshot(pid).value).toBe('closed');
  });

  test('waits while the process is suspended', async () => {
    const { system, pid } = await aDoor();
    await GenServer.call(pid, 'send', { type: 'open' });
    await sys.suspend(pid);
    await advance(system, 5000);
    expect(getSnapshot(pid).value).toBe('opened');
    await sys.resume(pid);
    await settle(system);
    expect(getSnapshot(pid).value).toBe('closed');
  });

  test('of a process that was killed does not happen, and holds no timer', async () => {
    const { system, pid } = await aDoor();
    await GenServer.call(pid, 'send', { type: 'open' });
    exit(system, pid, kill);
    await advance(system, 1000);
    expect(getSnapshot(pid)).toMatchObject({ status: 'stopped', value: 'opened' });
  });

  test('is not refused by a full mailbox', async () => {
    const mailbox = { capacity: 1, overflow: 'reject' } as const;
    const { system, pid } = await started(fromLogic(door, { input: {}, mailbox }));
    await GenServer.call(pid, 'send', { type: 'open' });
    await sys.suspend(pid);
    send(pid, { type: 'open' });
    await advance(system, 1000);
    await sys.resume(pid);
    await settle(system);
    expect(getSnapshot(pid).value).toBe('closed');
  });

  test.each([Number.NaN, -5])('after %p ms happens as soon as possible', async (ms) => {
    const machine = setup({ delays: { soon: () => ms } }).createMachine({
      initial: 'a',
      states: { a: { after: { soon: 'b' } }, b: {} },
    });
    const { system, pid } = await started(fromLogic(machine));
    await advance(system, 0);
    expect(getSnapshot(pid).value).toBe('b');
  });
});

describe('the actors that a machine invokes', () => {
  const loading = (load: () => Promise<string>) =>
    setup({
      types: {} as { context: { readonly text?: string } },
      actors: { load: fromPromise(load) },
    }).createMachine({
      context: {},
      initial: 'loading',
      states: {
        loading: {
          invoke: {
            src: 'load',
            onDone: { target: 'loaded', actions: assign({ text: ({ event }) => event.output }) },
          },
        },
        loaded: { type: 'final' },
      },
      output: ({ context }) => context.text,
    });

  test('run in its process: an output moves the machine to its end, which ends the process', async () => {
    const { pid } = await started(fromLogic(loading(() => Promise.resolve('text'))));
    expect(await output(pid)).toBe('text');
    expect(isAlive(pid)).toBe(false);
  });

  test('ends the process as a crash with an error that the machine does not handle', async () => {
    const { system, pid } = await started(fromLogic(loading(() => Promise.reject(slammed))));
    expect(await outcome(output(pid))).toStrictEqual({ exit: crash(slammed) });
    expect(system.reports).toHaveLength(1);
  });

  test('ticks no more once the machine has failed, though xstate leaves it running', async () => {
    const ticks: number[] = [];
    const ticking = setup({}).createMachine({
      initial: 'tick',
      states: {
        tick: { entry: () => void ticks.push(0), after: { 10: { target: 'tick', reenter: true } } },
      },
    });
    const machine = setup({
      actors: { ticking },
      actions: {
        fail: () => {
          throw slammed;
        },
      },
    }).createMachine({ invoke: { src: 'ticking' }, on: { fail: { actions: 'fail' } } });
    const { system, pid } = await started(fromLogic(machine));
    await advance(system, 20);
    expect(ticks).toHaveLength(3);
    send(pid, { type: 'fail' });
    await advance(system, 100);
    expect(ticks).toHaveLength(3);
  });

  test('holds no timer, and starts none, once the process has ended, though xstate leaves it running', async () => {
    const held: string[] = [];
    const time = virtualClock();
    const clock: Clock = {
      ...time,
      setTimeout: (callback, ms) =>
        Object.assign(time.setTimeout(callback, ms), {
          ref: () => held.push('ref'),
          unref: () => held.push('unref'),
        }),
    };
    const { promise, resolve } = Promise.withResolvers<void>();
    const child = setup({ actors: { wait: fromPromise(() => promise) } }).createMachine({
      initial: 'one',
      states: {
        one: { invoke: { src: 'wait', onDone: 'two' }, after: { 1000: 'three' } },
        two: { after: { 500: 'three' } },
        three: {},
      },
    });
    const machine = setup({
      actors: { child },
      actions: {
        fail: () => {
          throw slammed;
        },
      },
    }).createMachine({ invoke: { src: 'child' }, on: { fail: { actions: 'fail' } } });
    const system = createSystem({ clock, logger: { error: () => {}, warn: () => {} } });
    const parent = createProbe(system, { trapExit: true });
    const pid = await fromLogic(machine).start(parent.self);
    send(pid, { type: 'fail' });
    await parent.expectExit(pid, crash(slammed));
    expect(held).toStrictEqual(['unref']);
    resolve();
    await settle(system);
    expect(held.at(-1)).toBe('unref');
  });

  test('is stopped with the process', async () => {
    let signal: AbortSignal | undefined;
    const machine = setup({
      actors: {
        wait: fromPromise((given) => {
          ({ signal } = given);
          return forever();
        }),
      },
    }).createMachine({ invoke: { src: 'wait' } });
    const { system, pid } = await started(fromLogic(machine));
    exit(system, pid, kill);
    expect(signal?.aborted).toBe(true);
  });
});

describe('a promise', () => {
  test('resolves to an output, and its process ends normal', async () => {
    const { promise, resolve } = Promise.withResolvers<number>();
    const { parent, pid } = await started(fromLogic(fromPromise(() => promise)));
    expect(getSnapshot(pid).status).toBe('active');
    resolve(42);
    await parent.expectExit(pid, normal);
    expect(getSnapshot(pid)).toMatchObject({ status: 'done', output: 42 });
    expect(await output(pid)).toBe(42);
  });

  test.each<[string, unknown, ExitReason]>([
    ['an Error', slammed, crash(slammed)],
    ['anything else', 'oops', { type: 'nocatch', value: 'oops' }],
  ])('that is rejected with %s is a crash', async (_, thrown, reason) => {
    const { system, pid } = await started(fromLogic(fromPromise(() => Promise.reject(thrown))));
    expect(await outcome(output(pid))).toStrictEqual({ exit: reason });
    expect(getSnapshot(pid)).toMatchObject({ status: 'error', error: thrown });
    expect(system.reports).toHaveLength(1);
  });

  test('of a process that was killed has no effect any more', async () => {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const { system, parent, pid } = await started(fromLogic(fromPromise(() => promise)));
    const later = await fromLogic(fromPromise(() => promise.then(reject))).start(parent.self);
    exit(system, pid, kill);
    exit(system, later, kill);
    resolve(42);
    await settle(system);
    expect(getSnapshot(pid).status).toBe('stopped');
    expect(await outcome(output(pid))).toStrictEqual({ exit: { type: 'killed' } });
    expect(system.reports).toStrictEqual([]);
  });
});

describe('a transition function', () => {
  const counter = fromTransition(
    (count: number, event: { readonly type: 'add'; readonly by: number }) => {
      if (event.by === 0) {
        throw slammed;
      }
      return count + event.by;
    },
    ({ input }: { input: number }) => input,
  );

  test('moves with each event', async () => {
    const { pid } = await started(fromLogic(counter, { input: 1 }));
    send(pid, { type: 'add', by: 2 });
    expect((await GenServer.call(pid, 'send', { type: 'add', by: 3 })).context).toBe(6);
  });

  test('that throws is a crash', async () => {
    const { pid } = await started(fromLogic(counter, { input: 1 }));
    expect(await outcome(GenServer.call(pid, 'send', { type: 'add', by: 0 }))).toStrictEqual({
      exit: crash(slammed),
    });
  });
});

describe('a callback', () => {
  type Event = { readonly type: 'note'; readonly text: string };

  const notes = (log: unknown[], clean: () => void = () => undefined) =>
    fromCallback<Event, string>(({ receive, input }) => {
      log.push(`begin ${input}`);
      receive(({ text }) => {
        log.push(text);
      });
      return () => {
        log.push('end');
        clean();
      };
    });

  test('receives its events, and cleans up when its process ends, even by a kill', async () => {
    const lines: unknown[] = [];
    const { system, pid } = await started(fromLogic(notes(lines), { input: 'diary' }));
    send(pid, { type: 'note', text: 'hello' });
    await settle(system);
    exit(system, pid, kill);
    expect(lines).toStrictEqual(['begin diary', 'hello', 'end']);
  });

  test('that throws in its clean-up is reported; its process has ended for its own reason', async () => {
    const clean = (): void => {
      throw slammed;
    };
    const { system, parent, pid } = await started(fromLogic(notes([], clean), { input: 'diary' }));
    exit(system, pid, shutdown);
    await parent.expectExit(pid, shutdown);
    expect(system.reports).toStrictEqual([
      { level: 'error', message: 'the actor of #Pid<3> failed to stop', details: { err: slammed } },
    ]);
  });

  test('that throws fails the start', async () => {
    const broken = fromCallback(() => {
      throw slammed;
    });
    expect(await outcome(fromLogic(broken).start(createTestSystem()))).toStrictEqual({
      exit: crash(slammed),
    });
  });
});

describe('an observable', () => {
  interface Observer {
    readonly next: (value: number) => void;
    readonly error: (error: unknown) => void;
    readonly complete: () => void;
  }

  /** An observable that gives the test its observer. */
  const source = (): [() => Observer, Subscribable<number>, () => boolean] => {
    let given: Observer | undefined;
    let isSubscribed = false;
    const subscribable = {
      subscribe: (observer: Observer) => {
        given = observer;
        isSubscribed = true;
        return {
          unsubscribe: () => {
            isSubscribed = false;
          },
        };
      },
    } as unknown as Subscribable<number>;
    return [() => given as Observer, subscribable, () => isSubscribed];
  };

  test('gives snapshots, and ends normal when it is complete', async () => {
    const [observer, subscribable] = source();
    const { pid } = await started(fromLogic(fromObservable(() => subscribable)));
    const seen: unknown[] = [];
    subscribe(pid, ({ context }) => {
      seen.push(context);
    });
    observer().next(1);
    observer().next(2);
    expect(getSnapshot(pid).context).toBe(2);
    observer().complete();
    expect(await output(pid)).toBeUndefined();
    expect(seen).toStrictEqual([1, 2, 2]);
  });

  test('that fails is a crash', async () => {
    const [observer, subscribable] = source();
    const { pid } = await started(fromLogic(fromObservable(() => subscribable)));
    observer().error(slammed);
    expect(await outcome(output(pid))).toStrictEqual({ exit: crash(slammed) });
  });

  test('is unsubscribed from when the process ends', async () => {
    const [, subscribable, isSubscribed] = source();
    const { system, pid } = await started(fromLogic(fromObservable(() => subscribable)));
    expect(isSubscribed()).toBe(true);
    exit(system, pid, shutdown);
    expect(isSubscribed()).toBe(false);
  });
});

describe('subscribe', () => {
  test('calls the listener with every new snapshot, in order, until unsubscribed', async () => {
    const { pid } = await aDoor();
    const seen: unknown[] = [];
    const { unsubscribe } = subscribe(pid, ({ value }) => {
      seen.push(value);
    });
    await GenServer.call(pid, 'send', { type: 'open' });
    await GenServer.call(pid, 'send', { type: 'close' });
    unsubscribe();
    await GenServer.call(pid, 'send', { type: 'open' });
    expect(seen).toStrictEqual(['opened', 'closed']);
  });

  test('calls the listener with the last snapshot of a machine that is done', async () => {
    const { pid } = await aDoor();
    const seen: unknown[] = [];
    subscribe(pid, ({ status }) => {
      seen.push(status);
    });
    await GenServer.call(pid, 'send', { type: 'remove' });
    expect(seen).toStrictEqual(['done']);
  });

  test('reports a listener that throws, and goes on', async () => {
    const { system, pid } = await aDoor();
    const seen: unknown[] = [];
    subscribe(pid, () => {
      throw slammed;
    });
    subscribe(pid, ({ value }) => {
      seen.push(value);
    });
    await GenServer.call(pid, 'send', { type: 'open' });
    expect(seen).toStrictEqual(['opened']);
    expect(system.reports).toStrictEqual([
      { level: 'error', message: 'a subscriber of #Pid<3> failed', details: { err: slammed } },
    ]);
  });

  test('of a process that has ended never calls the listener', async () => {
    const { pid } = await aDoor();
    await GenServer.stop(pid);
    const seen: unknown[] = [];
    subscribe(pid, (snapshot) => {
      seen.push(snapshot);
    }).unsubscribe();
    expect(seen).toStrictEqual([]);
  });
});

describe('subscribe with an observer', () => {
  const recorded = () => {
    const log: unknown[] = [];
    const observer = {
      next: ({ status }: { readonly status: string }) => void log.push(status),
      error: (error: unknown) => void log.push(error),
      complete: () => void log.push('complete'),
    };
    return { log, observer };
  };

  test('calls error when the machine fails, once, and at once of a process that has ended', async () => {
    const { system, parent, pid } = await aDoor();
    const { log, observer } = recorded();
    subscribe(pid, observer);
    send(pid, { type: 'slam' });
    await parent.expectExit(pid, crash(slammed));
    subscribe(pid, observer);
    await settle(system);
    expect(log).toStrictEqual([slammed, slammed]);
  });

  test('calls complete when the machine is done, and at once of a process that has ended', async () => {
    const { pid } = await aDoor();
    const { log, observer } = recorded();
    subscribe(pid, observer);
    await GenServer.call(pid, 'send', { type: 'remove' });
    subscribe(pid, observer);
    expect(log).toStrictEqual(['done', 'complete', 'complete']);
  });

  test('needs none of its three functions', async () => {
    const { parent, pid } = await aDoor();
    subscribe(pid, {});
    send(pid, { type: 'slam' });
    await parent.expectExit(pid, crash(slammed));
    expect(isAlive(pid)).toBe(false);
  });

  test.each(['next', 'error', 'complete'] as const)('reports a %s that throws', async (which) => {
    const { system, pid } = await aDoor();
    subscribe(pid, {
      [which]: () => {
        throw slammed;
      },
    });
    send(pid, { type: which === 'error' ? 'slam' : 'remove' });
    await settle(system);
    expect(system.reports).toContainEqual({
      level: 'error',
      message: 'a subscriber of #Pid<3> failed',
      details: { err: slammed },
    });
  });

  test('refuses a value that is no observer', async () => {
    const { pid } = await aDoor();
    expect(() => subscribe(pid, 7 as never)).toThrow(
      new TypeError('Expected a function or an observer, got 7'),
    );
  });
});

describe('a machine that fails while it has a subscriber', () => {
  test('throws nothing in a timer of the host: the program lives', async () => {
    const thrown: unknown[] = [];
    const listener = (error: unknown): void => void thrown.push(error);
    const timer = jest.spyOn(globalThis, 'setTimeout');
    process.on('uncaughtException', listener);
    try {
      const { parent, pid } = await aDoor();
      subscribe(pid, () => undefined);
      subscribe(pid, { next: () => undefined });
      send(pid, { type: 'slam' });
      await parent.expectExit(pid, crash(slammed));
      expect(timer).not.toHaveBeenCalled();
    } finally {
      process.off('uncaughtException', listener);
      timer.mockRestore();
    }
    expect(thrown).toStrictEqual([]);
  });
});

describe('on', () => {
  const bell = setup({
    types: {} as {
      events: { readonly type: 'press' };
      emitted: { readonly type: 'rang'; readonly times: number } | { readonly type: 'worn' };
    },
  }).createMachine({
    on: { press: { actions: [emit({ type: 'rang', times: 2 }), emit({ type: 'worn' })] } },
  });

  test('calls the listener with the events of a type that are emitted, until unsubscribed', async () => {
    const { pid } = await started(fromLogic(bell));
    const heard: unknown[] = [];
    const { unsubscribe } = on(pid, 'rang', ({ times }) => {
      heard.push(times);
    });
    on(pid, '*', ({ type }) => {
      heard.push(type);
    });
    await GenServer.call(pid, 'send', { type: 'press' });
    unsubscribe();
    await GenServer.call(pid, 'send', { type: 'press' });
    expect(heard).toStrictEqual([2, 'rang', 'worn', 'rang', 'worn']);
  });

  test('reports a listener that throws', async () => {
    const { system, pid } = await started(fromLogic(bell));
    on(pid, 'worn', () => {
      throw slammed;
    });
    await GenServer.call(pid, 'send', { type: 'press' });
    expect(system.reports).toMatchObject([{ message: 'a subscriber of #Pid<3> failed' }]);
  });

  test('of a process that has ended never calls the listener', async () => {
    const { pid } = await started(fromLogic(bell));
    await GenServer.stop(pid);
    expect(() => {
      on(pid, '*', () => undefined).unsubscribe();
    }).not.toThrow();
  });
});

describe('under a supervisor', () => {
  test('it is restarted from its input after a crash, and not after it is done when transient', async () => {
    const system = createTestSystem();
    const app = await Supervisor.startLink(system, {
      strategy: 'oneForOne',
      children: [fromLogic(door, { id: 'front', input: { opened: 1 }, restart: 'transient' })],
    });
    const first = Supervisor.child(app, 'front');
    await GenServer.call(first, 'send', { type: 'open' });
    send(first, { type: 'slam' });
    await settle(system);
    const second = Supervisor.child(app, 'front');
    expect(second).not.toBe(first);
    expect(getSnapshot(second)).toMatchObject({ value: 'closed', context: { opened: 1 } });
    send(second, { type: 'remove' });
    await settle(system);
    expect(await Supervisor.countChildren(app)).toMatchObject({ specs: 1, active: 0 });
  });

  test('it is stopped in order', async () => {
    const lines: unknown[] = [];
    const part = (id: string) =>
      fromLogic(
        fromCallback(() => () => {
          lines.push(id);
        }),
        { id },
      );
    const system = createTestSystem();
    await Supervisor.startLink(system, {
      strategy: 'oneForOne',
      children: [part('a'), part('b'), part('c')],
    });
    await system.stop();
    expect(lines).toStrictEqual(['c', 'b', 'a']);
  });

  test('its id is by default that of the machine, or logic', () => {
    expect(fromLogic(door, { input: {} })).toMatchObject({ id: 'door', restart: 'permanent' });
    expect(fromLogic(fromPromise(forever)).id).toBe('logic');
    expect(fromLogic(door, { id: 'front', input: {}, shutdown: 10 })).toMatchObject({
      id: 'front',
      shutdown: 10,
    });
  });
});

describe('as a process', () => {
  test('it is traced, and shows its snapshot as its state', async () => {
    const { system, pid } = await started(fromLogic(door, { input: {}, name: 'front' }));
    await sys.trace(pid, true);
    send(pid, { type: 'open' });
    await settle(system);
    expect(system.reports.map(({ message }) => message)[0]).toBe(
      'front got message {"type":"open"}',
    );
    expect((await sys.getStatus(pid)).state).toMatchObject({ value: 'opened' });
  });

  test('it can be found by its name', async () => {
    const system = createTestSystem();
    const front: Named<Door> = name<Door>('front').in(system);
    expect(() => getSnapshot(front)).toThrow(new ExitError(noproc, '"front"'));
    await fromLogic(door, { input: {}, name: 'front' }).start(system);
    send(front, { type: 'open' });
    await settle(system);
    expect(getSnapshot(front).value).toBe('opened');
  });

  test('it ends by GenServer.stop, and its output then never comes', async () => {
    const { pid } = await aDoor();
    const log: unknown[] = [];
    logOutcome(log, 'output', output(pid));
    await GenServer.stop(pid, shutdown);
    expect(getSnapshot(pid).status).toBe('stopped');
    expect(await outcome(output(pid))).toStrictEqual({ exit: shutdown });
    expect(log).toStrictEqual([['output', { exit: shutdown }]]);
  });

  test('it drops events that come between its end and that of the machine', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { system, pid } = await started(fromLogic(fromPromise(() => promise)));
    await sys.suspend(pid);
    send(pid, { type: 'late' });
    resolve();
    await settle(system);
    expect(getSnapshot(pid).status).toBe('done');
    expect(isAlive(pid)).toBe(true);
    await sys.resume(pid);
    await settle(system);
    expect(isAlive(pid)).toBe(false);
  });

  test('another process is refused, and a value that is no logic', async () => {
    const system = createTestSystem();
    const other = spawn(system, forever) as never;
    const error = new TypeError('Expected a process that runs an actor logic, got #Pid<2>');
    expect(() => getSnapshot(other)).toThrow(error);
    expect(() => subscribe(other, () => undefined)).toThrow(error);
    expect(() => output(other)).toThrow(error);
    expect(() => fromLogic({} as AnyActorLogic)).toThrow(
      new TypeError('Expected an actor logic of xstate, got {}'),
    );
  });
});

/** Code for the compiler alone: it never runs. */
const misuse = (_wrong: () => unknown): void => undefined;

describe('types', () => {
  test('follow from the logic', async () => {
    const { pid } = await started(fromLogic(door, { id: 'front', input: {} }));
    expectTypeOf(pid).toEqualTypeOf<LogicPid<typeof door>>();
    expectTypeOf(getSnapshot(pid)).toEqualTypeOf<SnapshotFrom<typeof door>>();
    expectTypeOf(getSnapshot(pid).value).toEqualTypeOf<'closed' | 'opened' | 'removed'>();
    expectTypeOf(output<typeof door>).returns.resolves.toEqualTypeOf<number>();
    expectTypeOf(fromLogic(door, { id: 'front', input: {} }).id).toEqualTypeOf<'front'>();
    expectTypeOf(fromLogic(door, { input: {} }).id).toEqualTypeOf<string>();
    expectTypeOf(GenServer.call(pid, 'send', { type: 'open' })).resolves.toEqualTypeOf<
      SnapshotFrom<typeof door>
    >();
  });

  test('refuse messages that the logic does not take', async () => {
    const { pid } = await aDoor();
    // @ts-expect-error: no such event
    misuse(() => send(pid, { type: 'paint' }));
    // @ts-expect-error: no such event in a call
    misuse(() => GenServer.call(pid, 'send', { type: 'paint' }));
    // @ts-expect-error: no such request
    misuse(() => GenServer.call(pid, 'paint'));
    // @ts-expect-error: its input is required
    misuse(() => fromLogic(door));
    // @ts-expect-error: the input may not be left out
    misuse(() => fromLogic(door, { id: 'front' }));
    // @ts-expect-error: the input has another type
    misuse(() => fromLogic(door, { input: { opened: 'often' } }));
    // @ts-expect-error: no logic
    misuse(() => fromLogic({ transition: 1 }));
    expect(fromLogic(fromPromise(forever))).toMatchObject({ type: 'worker' });
  });
});
