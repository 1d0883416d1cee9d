import { AsyncLocalStorage } from 'node:async_hooks';

import { describe, expect, jest, test } from '@jest/globals';
import {
  Agent,
  childSpec,
  createSystem,
  exit,
  GenServer,
  kill,
  noreply,
  ok,
  PartitionSupervisor,
  type Pid,
  reply,
  type Scheduler,
  send,
  sleep,
  spawn,
  Supervisor,
  type SystemOptions,
  Task,
  type Turn,
} from '@reprise/actor';
import { settle, virtualClock } from '@reprise/actor/testing';

import { batchScheduler } from '../support/schedulers.ts';

const silent = { error: () => undefined, warn: () => undefined };

const logging = GenServer.define({
  init: ({ name, log }: { readonly name: string; readonly log: string[] }) => ok({ name, log }),
  handleCall: { name: (_, state) => reply(state.name, state) },
  handleInfo: (message: string, state) => {
    state.log.push(`${state.name} ${message}`);
    return noreply(state);
  },
});

describe('a scheduler of its own', () => {
  test('decides in which order ready processes have their turns', async () => {
    const log: string[] = [];
    const system = createSystem({ scheduler: batchScheduler((ready) => ready.toReversed()) });
    const servers = [];
    for (const name of ['a', 'b', 'c']) {
      servers.push(await GenServer.start(system, logging, { name, log }));
    }
    for (const server of servers) {
      send(server, '1');
    }
    await settle(system);
    expect(log).toStrictEqual(['c 1', 'b 1', 'a 1']);
    await system.stop();
  });

  test('is given each turn as the pid of the process, and how to run it', async () => {
    const pids: Pid[] = [];
    const scheduler = batchScheduler((ready) => {
      pids.push(...ready.map(({ pid }) => pid));
      return ready;
    });
    const system = createSystem({ scheduler });
    const server = await GenServer.start(system, logging, { name: 'a', log: [] });
    expect(await GenServer.call(server, 'name')).toBe('a');
    expect(pids).toStrictEqual([server, server]);
    await system.stop();
  });

  test('decides how many messages a server handles in its turn', async () => {
    const log: string[] = [];
    const batches: number[] = [];
    const scheduler: Scheduler = batchScheduler((ready) => {
      batches.push(log.length);
      return ready;
    });
    Object.assign(scheduler, { turnLength: 2 });
    const system = createSystem({ scheduler });
    const server = await GenServer.start(system, logging, { name: 'a', log });
    for (const message of ['1', '2', '3', '4', '5']) {
      send(server, message);
    }
    await settle(system);
    expect(batches).toStrictEqual([0, 0, 2, 4]);
    await system.stop();
  });

  test('is told when code goes on in microtasks: of the process itself, or of its caller', async () => {
    const told: (Turn | undefined)[] = [];
    const turns: Turn[] = [];
    const scheduler = batchScheduler((ready) => {
      turns.push(...ready);
      return ready;
    });
    scheduler.yieldToMicrotasks = (turn) => void told.push(turn);
    const system = createSystem({ scheduler });
    const server = await GenServer.start(system, logging, { name: 'a', log: [] });
    told.length = 0;
    await GenServer.call(server, 'name');
    expect(told).toStrictEqual([undefined]);
    turns.length = 0;
    spawn(system, (self) => sleep(self, Infinity));
    await settle(system);
    expect(told[1]).toBe(turns[0]);
    await system.stop();
  });

  test('runs turns in the async context of the system, wherever it calls from', async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    const scheduler = batchScheduler((ready) => ready);
    const system = storage.run('system', () => createSystem({ scheduler }));
    storage.run('caller', () => spawn(system, () => void seen.push(storage.getStore())));
    await settle(system);
    expect(seen).toStrictEqual(['system']);
    await system.stop();
  });

  test('leaves a turn of a process that has ended without effect', async () => {
    const turns: Turn[] = [];
    const system = createSystem({ scheduler: batchScheduler((ready) => ready) });
    const held = batchScheduler((ready) => {
      turns.push(...ready);
      return [];
    });
    const other = createSystem({ scheduler: held });
    let runs = 0;
    spawn(other, () => void (runs += 1));
    await settle(other);
    await other.stop();
    turns[0]?.run();
    expect([turns.length, runs]).toStrictEqual([1, 0]);
    await system.stop();
  });
});

describe('random numbers and parallelism', () => {
  test.each([
    [0, 500],
    [0.5, 750],
  ])(
    'a restart delay is drawn by the random numbers of the system: %d gives %d ms',
    async (number, ms) => {
      const clock = virtualClock();
      const system = createSystem({ clock, logger: silent, random: () => number });
      let starts = 0;
      const child = childSpec(
        (parent) => {
          starts += 1;
          return Agent.startLink(parent, () => 0);
        },
        { id: 'a', restartDelay: { minDelay: 1000, maxDelay: 1000, healthyAfter: 0 } },
      );
      const supervisor = await Supervisor.startLink(system, {
        strategy: 'oneForOne',
        children: [child],
      });
      exit(system, Supervisor.child(supervisor, 'a') as Pid, kill);
      await clock.advance(ms - 1, () => settle(system));
      expect(starts).toBe(1);
      await clock.advance(1, () => settle(system));
      expect(starts).toBe(2);
      await system.stop();
    },
  );

  test('system.random is the function that the system was given', async () => {
    const random = (): number => 0.25;
    const system = createSystem({ random });
    expect(system.random).toBe(random);
    await system.stop();
  });

  test('by default random numbers are those of Math.random, also if that is replaced later', async () => {
    const system = createSystem();
    jest.spyOn(Math, 'random').mockReturnValue(0.125);
    expect(system.random()).toBe(0.125);
    await system.stop();
  });

  test('parallelism is the default of how many tasks of a stream run at a time', async () => {
    const system = createSystem({ parallelism: 7 });
    let running = 0;
    const forever = new Promise<never>(() => undefined);
    const stream = Task.asyncStream(system, new Array<number>(20).fill(0), () => {
      running += 1;
      return forever;
    });
    const next = stream[Symbol.asyncIterator]().next();
    await settle(system);
    expect(running).toBe(7);
    await Promise.all([expect(next).rejects.toThrow('shutdown'), system.stop()]);
  });

  test('parallelism is the default of how many partitions there are', async () => {
    const system = createSystem({ parallelism: 7 });
    const child = Agent.childSpec(() => 0, { id: 'n' });
    const app = await Supervisor.startLink(system, {
      strategy: 'oneForOne',
      children: [PartitionSupervisor.childSpec({ id: 'all', child })],
    });
    expect(PartitionSupervisor.partitions(Supervisor.child(app, 'all'))).toBe(7);
    await system.stop();
  });
});

describe('a clock with setImmediate', () => {
  test('decides when the code of an ended process gets the error of its next receive and sleep', async () => {
    const callbacks: (() => void)[] = [];
    const clock = {
      ...virtualClock(),
      setImmediate: (callback: () => void) => void callbacks.push(callback),
    };
    const system = createSystem({ clock });
    const errors: string[] = [];
    const go = Promise.withResolvers<void>();
    const note = (error: unknown): void => void errors.push(String(error));
    spawn(system, async (self) => {
      await go.promise;
      self.receive().catch(note);
      sleep(self, 1).catch(note);
    });
    await settle(system);
    await system.stop();
    go.resolve();
    await settle(system);
    expect([callbacks.length, errors]).toStrictEqual([2, []]);
    for (const callback of callbacks) {
      callback();
    }
    await settle(system);
    expect(errors).toHaveLength(2);
  });
});

describe('wrong options are refused', () => {
  const lacking = { ready: () => undefined, isIdle: true, turnLength: 1 };
  const scheduler = { ...lacking, yieldToMicrotasks: () => undefined };
  test.each<[message: string, options: unknown]>([
    [
      'TypeError: Expected scheduler to have the methods ready, yieldToMicrotasks, got',
      { scheduler: lacking },
    ],
    ['TypeError: Expected scheduler to have the methods', { scheduler: null }],
    [
      'RangeError: Expected scheduler.turnLength to be a whole number above 0, got 0',
      { scheduler: { ...scheduler, turnLength: 0 } },
    ],
    [
      'RangeError: Expected scheduler.turnLength to be a whole number above 0, got undefined',
      { scheduler: { ...scheduler, turnLength: undefined } },
    ],
    ['TypeError: Expected random to be a function, got 0.5', { random: 0.5 }],
    ['RangeError: Expected parallelism to be a whole number above 0, got 0', { parallelism: 0 }],
    [
      'RangeError: Expected parallelism to be a whole number above 0, got 1.5',
      { parallelism: 1.5 },
    ],
    [
      'TypeError: Expected clock to have the methods now, setTimeout, clearTimeout, date, setImmediate, got',
      { clock: { ...virtualClock(), setImmediate: 1 } },
    ],
  ])('%s', (message, options) => {
    let error = '';
    try {
      createSystem(options as SystemOptions);
    } catch (thrown) {
      error = String(thrown);
    }
    expect(error).toContain(message);
  });
});
