import { describe, expect, test } from '@jest/globals';
import {
  type ExitReason,
  GenServer,
  isAlive,
  noreply,
  ok,
  type Process,
  reply,
  spawn,
} from '@reprise/actor';
import { advance, createTestSystem, settle, type TestSystem } from '@reprise/actor/testing';

import { elapse, type Outcome, outcome } from '../support/outcome.ts';

/** The code that a server runs for a call. */
type Task = (self: Process) => unknown;

/** A server whose calls and casts carry the code to run; a call is answered with the outcome. */
const worker = GenServer.define({
  init: () => ok(undefined),
  handleCall: {
    ping: (_, state) => reply('pong', state),
    run: async (task: Task, state, _from: GenServer.From, self) => reply(await task(self), state),
  },
  handleCast: {
    run: async (task: Task, state, self) => {
      await task(self);
      return noreply(state);
    },
    /** Returns before the task is over. */
    begin: (task: Task, state, self) => {
      void task(self);
      return noreply(state);
    },
  },
});
type Worker = GenServer.ServerOf<typeof worker>;

/** Servers registered by these names. */
async function startNamed<Names extends readonly string[]>(
  system: TestSystem,
  ...names: Names
): Promise<{ readonly [Index in keyof Names]: Worker }> {
  const started = names.map((name) => GenServer.start(system, worker, undefined, { name }));
  return (await Promise.all(started)) as unknown as { readonly [Index in keyof Names]: Worker };
}

const start = (system: TestSystem): Promise<Worker> => GenServer.start(system, worker, undefined);

/** Lets a server run a task, and resolves with the outcome. */
const run = (server: Worker, task: Task): Promise<unknown> => GenServer.call(server, 'run', task);

const cycle = (...processes: string[]): Outcome => ({ exit: { type: 'callCycle', processes } });

describe('a call that would wait for itself', () => {
  test('fails at once in two servers that ask each other, and names them', async () => {
    const system = createTestSystem();
    const [a, b] = await startNamed(system, 'a', 'b');
    const result = outcome(run(a, () => run(b, () => outcome(run(a, () => 'never')))));
    await settle(system);
    expect(await result).toStrictEqual({ value: cycle('b', 'a', 'b') });
    expect(system.clock.now()).toBe(0);
  });

  test('fails at once in a ring of three, and names them in the order of the calls', async () => {
    const system = createTestSystem();
    const [a, b, c] = await startNamed(system, 'a', 'b', 'c');
    const result = outcome(
      run(a, () => run(b, () => run(c, () => outcome(run(a, () => 'never'))))),
    );
    expect(await result).toStrictEqual({ value: cycle('c', 'a', 'b', 'c') });
  });

  test('is found behind a process with several open calls', async () => {
    const system = createTestSystem();
    const [a, b, c] = await startNamed(system, 'a', 'b', 'c');
    const late = (): Promise<void> => elapse(system, 10);
    const result = outcome(
      run(a, () => Promise.all([run(b, late), run(c, () => outcome(run(a, () => 'never')))])),
    );
    await advance(system, 10);
    expect(await result).toStrictEqual({ value: [undefined, cycle('c', 'a', 'c')] });
  });

  test('names a process without a name by its pid', async () => {
    const system = createTestSystem();
    const [a, b] = [await start(system), await start(system)];
    const result = await outcome(run(a, () => run(b, () => outcome(run(a, () => 'never')))));
    expect(result).toStrictEqual({ value: cycle(String(b), String(a), String(b)) });
  });

  test('names in its message the servers that wait for each other', async () => {
    const system = createTestSystem();
    const [a, b] = await startNamed(system, 'a', 'b');
    const text = run(a, () =>
      run(b, () => run(a, () => 'never').catch((thrown: unknown) => String(thrown))),
    );
    expect(await text).toMatch(
      /^ExitError: call "run".*: processes wait for each other: b → a → b$/,
    );
  });

  test('is found after an await, when the call has the option self', async () => {
    const system = createTestSystem();
    const [a, b] = await startNamed(system, 'a', 'b');
    const result = outcome(
      run(a, async (self) => {
        await undefined;
        const back: Task = async (of) => {
          await undefined;
          return outcome(GenServer.call(a, 'ping', undefined, { self: of }));
        };
        return GenServer.call(b, 'run', back, { self });
      }),
    );
    expect(await result).toStrictEqual({ value: cycle('b', 'a', 'b') });
  });

  test('is found when a server waits in init', async () => {
    const system = createTestSystem();
    const b = await start(system);
    const asking = GenServer.define({
      init: async (ask: (self: Process) => Promise<unknown>, self) => ok(await ask(self)),
      handleCall: { get: (_, state) => reply(state, state) },
    });
    const a = await GenServer.start(
      system,
      asking,
      (self) => {
        const me = self.pid as GenServer.ServerOf<typeof asking>;
        return run(b, () => outcome(GenServer.call(me, 'get')));
      },
      { name: 'a' },
    );
    expect(await GenServer.call(a, 'get')).toStrictEqual(cycle(String(b), 'a', String(b)));
  });

  test('leaves the server that was refused alive, and both ready for more', async () => {
    const system = createTestSystem();
    const [a, b] = await startNamed(system, 'a', 'b');
    await run(a, () => run(b, () => outcome(run(a, () => 'never'))));
    expect([isAlive(a), isAlive(b)]).toStrictEqual([true, true]);
    expect(await run(a, () => GenServer.call(b, 'ping'))).toBe('pong');
    expect(await run(b, () => GenServer.call(a, 'ping'))).toBe('pong');
    expect(system.reports).toStrictEqual([]);
  });

  test('ends the server that does not catch it, which frees the other', async () => {
    const system = createTestSystem();
    const [a, b] = await startNamed(system, 'a', 'b');
    const result = (await outcome(run(a, () => outcome(run(b, () => run(a, () => 'never')))))) as {
      readonly value: { readonly exit: Extract<ExitReason, { type: 'crash' }> };
    };
    expect(result.value.exit.error).toMatchObject({
      reason: { type: 'callCycle', processes: ['b', 'a', 'b'] },
    });
    expect([isAlive(a), isAlive(b)]).toStrictEqual([true, false]);
  });

  test('is found while another call to the same server has been answered', async () => {
    const system = createTestSystem();
    const [a, b] = await startNamed(system, 'a', 'b');
    const result = outcome(
      run(a, () =>
        Promise.all([
          GenServer.call(b, 'ping'),
          run(b, () => outcome(GenServer.call(a, 'ping', undefined, { timeout: 100 }))),
        ]),
      ),
    );
    await advance(system, 100);
    expect(await result).toStrictEqual({ value: ['pong', cycle('b', 'a', 'b')] });
  });
});

describe('no cycle', () => {
  test('a call to one that has been answered and works on', async () => {
    const system = createTestSystem();
    const [a, b] = await startNamed(system, 'a', 'b');
    const result = outcome(
      run(a, async () => {
        await GenServer.call(b, 'ping');
        await elapse(system, 10);
        return 'done';
      }),
    );
    await settle(system);
    const back = outcome(run(b, () => GenServer.call(a, 'ping')));
    await advance(system, 10);
    expect(await Promise.all([result, back])).toStrictEqual([{ value: 'done' }, { value: 'pong' }]);
  });

  test('a call to one that has given up its own', async () => {
    const system = createTestSystem();
    const [a, b] = await startNamed(system, 'a', 'b');
    const back = Promise.withResolvers<Outcome>();
    const late: Task = async (self) => {
      await elapse(system, 20);
      back.resolve(await outcome(GenServer.call(a, 'ping', undefined, { self })));
    };
    GenServer.cast(a, 'run', async (self) => {
      await outcome(GenServer.call(b, 'run', late, { timeout: 10, self }));
      await elapse(system, 20);
    });
    await advance(system, 100);
    expect(await back.promise).toStrictEqual({ value: 'pong' });
  });

  test('a call to one whose callback has returned, though the call that it made is open', async () => {
    const system = createTestSystem();
    const [a, b] = await startNamed(system, 'a', 'b');
    const back = Promise.withResolvers<Outcome>();
    const late: Task = async (self) => {
      await elapse(system, 10);
      back.resolve(await outcome(GenServer.call(a, 'ping', undefined, { self })));
    };
    GenServer.cast(a, 'begin', () => run(b, late));
    await settle(system);
    // It waits for a timer, and not for b: then it answers.
    GenServer.cast(a, 'run', () => elapse(system, 50));
    await advance(system, 100);
    expect(await back.promise).toStrictEqual({ value: 'pong' });
  });

  test('a server that only casts', async () => {
    const system = createTestSystem();
    const [a, b] = await startNamed(system, 'a', 'b');
    const back = Promise.withResolvers<Outcome>();
    const result = outcome(
      run(a, async () => {
        GenServer.cast(b, 'run', async () => {
          back.resolve(await outcome(GenServer.call(a, 'ping')));
        });
        await elapse(system, 10);
        return 'done';
      }),
    );
    await advance(system, 10);
    expect(await Promise.all([result, back.promise])).toStrictEqual([
      { value: 'done' },
      { value: 'pong' },
    ]);
  });

  test('a server that asks one which replied before its callback returned', async () => {
    const system = createTestSystem();
    const b = await start(system);
    const early = GenServer.define({
      init: () => ok(undefined),
      handleCall: {
        ask: async (asker: Worker, state, from: GenServer.From<string>) => {
          GenServer.reply(from, 'early');
          return noreply<undefined>((await GenServer.call(asker, 'ping'), state));
        },
      },
    });
    const a = await GenServer.start(system, early, undefined);
    const result = outcome(run(b, () => GenServer.call(a, 'ask', b)));
    expect(await result).toStrictEqual({ value: 'early' });
    await settle(system);
    expect([isAlive(a), isAlive(b)]).toStrictEqual([true, true]);
  });

  test('two that ask a third, and a chain that ends', async () => {
    const system = createTestSystem();
    const [a, b, c] = await startNamed(system, 'a', 'b', 'c');
    const ping = (): Promise<unknown> => GenServer.call(c, 'ping');
    expect(
      await Promise.all([run(a, ping), run(b, ping), run(a, () => run(b, ping))]),
    ).toStrictEqual(['pong', 'pong', 'pong']);
  });

  test('a process whose caller is unknown: its call times out as any other', async () => {
    const system = createTestSystem();
    const [a, b] = await startNamed(system, 'a', 'b');
    const anonymous: Task = async () => {
      await undefined;
      return outcome(GenServer.call(a, 'ping', undefined, { timeout: 10 }));
    };
    const result = outcome(run(a, () => run(b, anonymous)));
    await settle(system);
    await advance(system, 10);
    expect(await result).toStrictEqual({ value: 'timeout' });
  });

  test('a process that is a function: it can be asked nothing', async () => {
    const system = createTestSystem();
    const a = await start(system);
    const result = Promise.withResolvers<unknown>();
    spawn(system, async () => {
      result.resolve(await run(a, () => 'done'));
    });
    expect(await result.promise).toBe('done');
  });
});

test('a server that calls itself fails at once with callingSelf, which is no cycle', async () => {
  const system = createTestSystem();
  const a = await start(system);
  expect(await run(a, () => outcome(GenServer.call(a, 'ping')))).toStrictEqual({
    exit: { type: 'callingSelf' },
  });
});
