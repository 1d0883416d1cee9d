import { describe, expect, test } from '@jest/globals';
import {
  type Action,
  type Clock,
  crash,
  createSystem,
  type DownMessage,
  exit,
  type ExitReason,
  GenServer,
  ignore,
  isAlive,
  kill,
  killed,
  monitor,
  name,
  type Named,
  noproc,
  noreply,
  normal,
  ok,
  type Process,
  register,
  reply,
  send,
  spawn,
  stop,
} from '@reprise/actor';
import { advance, createTestSystem, settle, type TestSystem } from '@reprise/actor/testing';

import type { CallAnswer, CastAnswer } from '../../src/server/behaviour.ts';
import { elapse, logEnd, logOutcome, outcome } from '../support/outcome.ts';
import { forever } from '../support/processes.ts';

type From = GenServer.From<unknown>;
type OnCall = (
  state: number,
  from: From,
  self: Process,
) => CallAnswer<number> | Promise<CallAnswer<number>>;
type OnCast = (state: number, self: Process) => CastAnswer<number> | Promise<CastAnswer<number>>;
type Continue = OnCast;
type Info = OnCast | string | { readonly type: 'timeout' };

/** A server whose requests carry the code of the callback. */
const scripted = (log: unknown[] = []) =>
  GenServer.define({
    init: (state: number) => ok(state),
    handleCall: { run: (then: OnCall, state, from: From, self) => then(state, from, self) },
    handleCast: { run: (then: OnCast, state, self) => then(state, self) },
    handleContinue: (then: Continue, state, self) => then(state, self),
    handleInfo: (message: Info, state, self) => {
      if (typeof message === 'function') {
        return message(state, self);
      }
      log.push(['info', message]);
      return noreply(state);
    },
    terminate: (reason, state) => {
      log.push(['terminate', reason, state]);
    },
  });
type ScriptedServer = GenServer.ServerOf<ReturnType<typeof scripted>>;

async function startScripted(
  log: unknown[] = [],
): Promise<{ readonly system: TestSystem; readonly server: ScriptedServer }> {
  const system = createTestSystem();
  return { system, server: await GenServer.start(system, scripted(log), 0) };
}

const call = (server: ScriptedServer, then: OnCall, timeout = 5000): Promise<unknown> =>
  GenServer.call(server, 'run', then, { timeout });
const cast = (server: ScriptedServer, then: OnCast): void => {
  GenServer.cast(server, 'run', then);
};
const increment: OnCall = (state) => reply(state, state + 1);

const crashed = crash('bang');
const stopReason = crash('bye');
const thrownError = new Error('oops');

describe('an answer', () => {
  test('GC01 a call resolves with the reply of its clause', async () => {
    const { server } = await startScripted();
    expect(await call(server, (state) => reply(['R', state], 1))).toStrictEqual(['R', 0]);
    expect(await call(server, async (state) => reply(['R', state], 2))).toStrictEqual(['R', 1]);
  });

  test('GC02 a call left open by noreply is answered by any process that has its From', async () => {
    const { system, server } = await startScripted();
    const log: unknown[] = [];
    const froms: From[] = [];
    const open: OnCall = (state, from) => {
      froms.push(from);
      return noreply(state + 1);
    };
    logOutcome(log, 'first', call(server, open));
    logOutcome(log, 'second', call(server, open));
    expect(await call(server, increment)).toBe(2);
    expect(log).toStrictEqual([]);
    spawn(system, () => {
      for (const from of froms.toReversed()) {
        GenServer.reply(from, 'V');
      }
    });
    await settle(system);
    expect(log).toStrictEqual([
      ['second', { value: 'V' }],
      ['first', { value: 'V' }],
    ]);
  });

  test('GC23 only the first answer to a call counts, and no later one reaches another call', async () => {
    const { system, server } = await startScripted();
    const log: unknown[] = [];
    const froms: From[] = [];
    const open: OnCall = (state, from) => {
      froms.push(from);
      return noreply(state);
    };
    logOutcome(log, 'first', call(server, open));
    logOutcome(log, 'second', call(server, open));
    await settle(system);
    GenServer.reply(froms[0] as From, 1);
    GenServer.reply(froms[0] as From, 2);
    await settle(system);
    GenServer.reply(froms[0] as From, 3);
    await settle(system);
    expect(log).toStrictEqual([['first', { value: 1 }]]);
    GenServer.reply(froms[1] as From, 4);
    await settle(system);
    expect(log).toStrictEqual([
      ['first', { value: 1 }],
      ['second', { value: 4 }],
    ]);
  });

  test('GC23 an answer that the clause gives after it has replied by its From is dropped', async () => {
    const { server } = await startScripted();
    const twice: OnCall = (state, from) => {
      GenServer.reply(from, 'first');
      return reply('second', state + 1);
    };
    expect(await call(server, twice)).toBe('first');
    expect(await call(server, increment)).toBe(1);
  });

  test('GC24 answering a caller that has timed out does nothing', async () => {
    const { system, server } = await startScripted();
    const log: unknown[] = [];
    let late: From | undefined;
    const open: OnCall = (state, from) => {
      late = from;
      return noreply(state);
    };
    logOutcome(log, 'call', call(server, open, 100));
    await advance(system, 100);
    expect(GenServer.reply(late as From, 'late')).toBeUndefined();
    await settle(system);
    expect(log).toStrictEqual([['call', 'timeout']]);
    expect(isAlive(server)).toBe(true);
  });

  test('GC24 answering a caller that has died does nothing', async () => {
    const { system, server } = await startScripted();
    let late: From | undefined;
    const caller = spawn(system, async () => {
      await call(server, (state, from) => {
        late = from;
        return noreply(state);
      });
    });
    await settle(system);
    exit(system, caller, kill);
    expect(GenServer.reply(late as From, 'late')).toBeUndefined();
    await settle(system);
    expect(isAlive(server)).toBe(true);
    expect(isAlive(caller)).toBe(false);
  });

  test('GC18 the reply to a caller that died in its call is dropped, the new state is kept', async () => {
    const { system, server } = await startScripted();
    const log: unknown[] = [];
    const caller = await GenServer.start(system, scripted(log), 0);
    const slowly: OnCall = async (state) => {
      await elapse(system, 100);
      return reply('late', state + 1);
    };
    cast(caller, async (state) => {
      const value = await call(server, slowly);
      return noreply(state, {
        continue: ((then) => {
          log.push(['got', value]);
          return noreply(then);
        }) satisfies Continue,
      });
    });
    await logEnd(system, log, 'caller', caller);
    exit(system, caller, kill);
    await advance(system, 100);
    expect(log).toStrictEqual([['caller', killed]]);
    expect(await call(server, increment)).toBe(1);
  });
});

describe('no answer', () => {
  test('GC03 a call to a dead server fails with noproc at once', async () => {
    const { system, server } = await startScripted();
    const log: unknown[] = [];
    exit(system, server, kill);
    logOutcome(log, 'call', call(server, increment));
    await settle(system);
    expect(log).toStrictEqual([['call', { exit: noproc }]]);
    expect(system.clock.now()).toBe(0);
  });

  test('GC04 a call to a name that no process has fails with noproc at once', async () => {
    const { system } = await startScripted();
    const log: unknown[] = [];
    const free = name<ScriptedServer>('free').in(system);
    logOutcome(log, 'call', GenServer.call(free, 'run', increment));
    await settle(system);
    expect(log).toStrictEqual([['call', { exit: noproc }]]);
    expect(system.clock.now()).toBe(0);
  });

  const me = name<ScriptedServer>('me');
  const addresses: readonly (readonly [
    string,
    (self: Process) => ScriptedServer | Named<ScriptedServer>,
  ])[] = [
    ['pid', (self) => self.pid as ScriptedServer],
    ['name', (self) => me.in(self)],
  ];

  test.each(addresses)('GC05 a call to itself by its %s fails at once', async (_by, address) => {
    const { system, server } = await startScripted();
    const log: unknown[] = [];
    register(system, me, server);
    cast(server, (state, self) => {
      logOutcome(log, 'call', GenServer.call(address(self), 'run', increment));
      return noreply(state);
    });
    await settle(system);
    expect(log).toStrictEqual([['call', { exit: { type: 'callingSelf' } }]]);
    expect(await call(server, increment)).toBe(0);
  });

  test.each(addresses)(
    'GC05 so does a call by its %s after an await, when it names its caller',
    async (_by, address) => {
      const { system, server } = await startScripted();
      const log: unknown[] = [];
      register(system, me, server);
      cast(server, async (state, self) => {
        await elapse(system, 10);
        const options = { self, timeout: Infinity };
        log.push(await outcome(GenServer.call(address(self), 'run', increment, options)));
        return noreply(state + 1);
      });
      await advance(system, 10);
      expect(log).toStrictEqual([{ exit: { type: 'callingSelf' } }]);
      expect(await call(server, increment)).toBe(1);
    },
  );

  test('GC06 a call gives up after its timeout, and the server finishes undisturbed', async () => {
    const { system, server } = await startScripted();
    const log: unknown[] = [];
    const slowly: OnCall = async (state) => {
      await elapse(system, 200);
      log.push(['finished', system.clock.now()]);
      return reply('late', state + 1);
    };
    logOutcome(log, 'call', call(server, slowly, 100));
    await advance(system, 99);
    expect(log).toStrictEqual([]);
    await advance(system, 1);
    expect(log).toStrictEqual([['call', 'timeout']]);
    await advance(system, 100);
    expect(log).toStrictEqual([
      ['call', 'timeout'],
      ['finished', 200],
    ]);
    expect(await call(server, increment)).toBe(1);
  });

  test('GC07 a call waits for 5,000 ms by default', async () => {
    const { system, server } = await startScripted();
    const log: unknown[] = [];
    logOutcome(log, 'call', GenServer.call(server, 'run', forever));
    await advance(system, 4999);
    expect(log).toStrictEqual([]);
    await advance(system, 1);
    expect(log).toStrictEqual([['call', 'timeout']]);
  });

  test('GC07 a call with an infinite timeout waits as long as the server runs', async () => {
    const { system, server } = await startScripted();
    const log: unknown[] = [];
    logOutcome(log, 'call', call(server, forever, Infinity));
    await advance(system, 2 ** 40);
    expect(log).toStrictEqual([]);
    exit(system, server, kill);
    await settle(system);
    expect(log).toStrictEqual([['call', { exit: killed }]]);
  });

  test('GC08 the late reply to a call that timed out never arrives', async () => {
    const { system, server } = await startScripted();
    const log: unknown[] = [];
    const slowly: OnCall = async (state) => {
      await elapse(system, 200);
      return reply('late', state);
    };
    spawn<unknown>(system, async (self) => {
      log.push(await outcome(call(server, slowly, 100)));
      log.push(await self.receive({ timeout: 500 }));
    });
    await advance(system, 1000);
    expect(log).toStrictEqual(['timeout', undefined]);
  });

  test('GC09 a call with timeout 0 times out though the server runs, and its late reply is dropped', async () => {
    const { system, server } = await startScripted();
    const log: unknown[] = [];
    logOutcome(log, 'call', call(server, increment, 0));
    await advance(system, 10);
    expect(log).toStrictEqual([['call', 'timeout']]);
    expect(await call(server, increment)).toBe(1);
  });

  test.each([
    [-1, '-1'],
    [1.5, '1.5'],
    ['5', '"5"'],
    [null, 'null'],
  ])(
    'GC10 a call with timeout %p throws in the caller and does not affect the server',
    async (bad, got) => {
      const { server } = await startScripted();
      const attempt = async (): Promise<unknown> => call(server, increment, bad as number);
      await expect(attempt()).rejects.toThrow(
        new RangeError(`Expected a whole number of milliseconds from 0 on, got ${got}`),
      );
      expect(await call(server, increment)).toBe(0);
    },
  );
});

describe('a server that ends while a call waits', () => {
  const endings: readonly (readonly [string, string, OnCall, ExitReason])[] = [
    ['GC11', 'exits by itself', (_state, _from, self) => exit(self, crashed), crashed],
    ['GC11', 'exits after an await', async (_state, _from, self) => exit(self, crashed), crashed],
    [
      'GC12',
      'raises an error',
      () => {
        throw thrownError;
      },
      crash(thrownError),
    ],
    ['GC12', 'rejects with an error', () => Promise.reject(thrownError), crash(thrownError)],
    ['GC13', 'answers stop without a reply', (state) => stop(normal, state), normal],
  ];
  test.each(endings)(
    '%s whose clause %s fails the call with its reason',
    async (_id, _how, clause, reason) => {
      const { system, server } = await startScripted();
      const log: unknown[] = [];
      await logEnd(system, log, 'server', server);
      logOutcome(log, 'call', call(server, clause));
      await settle(system);
      expect(log).toHaveLength(2);
      expect(log).toContainEqual(['call', { exit: reason }]);
      expect(log).toContainEqual(['server', reason]);
    },
  );

  test('GC14 stop with a reply answers the caller, runs terminate and ends the server', async () => {
    const log: unknown[] = [];
    const { system, server } = await startScripted(log);
    await logEnd(system, log, 'server', server);
    expect(await call(server, () => stop(crash('why'), 'rep', 7))).toBe('rep');
    await settle(system);
    expect(log).toStrictEqual([
      ['terminate', crash('why'), 7],
      ['server', crash('why')],
    ]);
  });

  test('GC14 stop with a reply gives it after terminate and before the end', async () => {
    const log: unknown[] = [];
    const system = createTestSystem();
    const slowEnd = { ...scripted(log), terminate: () => elapse(system, 30) };
    const server = await GenServer.start(system, slowEnd, 0);
    spawn<DownMessage>(system, async (self) => {
      monitor(self, server);
      const value = await call(server, (state) => stop(crash('why'), 'rep', state));
      log.push([system.clock.now(), value]);
      log.push([system.clock.now(), (await self.receive()).reason]);
    });
    await advance(system, 29);
    expect(log).toStrictEqual([]);
    await advance(system, 1);
    expect(log).toStrictEqual([
      [30, 'rep'],
      [30, crash('why')],
    ]);
  });

  test('GC15 by a kill fails the call with killed', async () => {
    const log: unknown[] = [];
    const { system, server } = await startScripted(log);
    logOutcome(log, 'call', call(server, forever));
    await settle(system);
    exit(system, server, kill);
    await settle(system);
    expect(log).toStrictEqual([['call', { exit: killed }]]);
  });

  test('GC16 fails the calls queued behind the one that stops it with the same reason', async () => {
    const { system, server } = await startScripted();
    const slowly: OnCall = async (state) => {
      await elapse(system, 100);
      return stop(stopReason, state);
    };
    const outcomes = Promise.all([outcome(call(server, slowly)), outcome(call(server, increment))]);
    await advance(system, 100);
    expect(await outcomes).toStrictEqual([{ exit: stopReason }, { exit: stopReason }]);
  });

  test('GC17 fails every call that was left open', async () => {
    const { server } = await startScripted();
    const open: OnCall = (state) => noreply(state);
    const outcomes = [outcome(call(server, open)), outcome(call(server, open))];
    await GenServer.stop(server);
    expect(await Promise.all(outcomes)).toStrictEqual([{ exit: normal }, { exit: normal }]);
  });
});

describe('a callback that answers badly', () => {
  const garbage = { type: 'noreply', state: 1 };
  const callbacks: readonly (readonly [
    string,
    (server: ScriptedServer, answer: unknown) => Promise<unknown>,
  ])[] = [
    ['call', (server, answer) => call(server, () => answer as never)],
    [
      'cast',
      (server, answer) => {
        cast(server, () => answer as never);
        return call(server, increment);
      },
    ],
    [
      'info',
      (server, answer) => {
        send(server, () => answer as never);
        return call(server, increment);
      },
    ],
    [
      'continue',
      (server, answer) => {
        cast(server, (state) => noreply(state, { continue: () => answer as never }));
        return call(server, increment);
      },
    ],
  ];
  const answers: readonly (readonly [string, unknown, readonly string[]])[] = [
    ['nothing', undefined, ['call', 'cast', 'info', 'continue']],
    ['its bare state', 42, ['call', 'cast', 'info', 'continue']],
    ['a value that only looks like an answer', garbage, ['call', 'cast', 'info', 'continue']],
    ['an answer of init: ok', ok(1), ['call', 'cast', 'info', 'continue']],
    ['an answer of init: ignore', ignore, ['call', 'cast', 'info', 'continue']],
    ['an answer of handleCall: reply', reply(1, 1), ['cast', 'info', 'continue']],
    [
      'an answer of handleCall: stop with a reply',
      stop(stopReason, 1, 1),
      ['cast', 'info', 'continue'],
    ],
  ];
  const table = answers.flatMap(([title, answer, badFor]) =>
    callbacks
      .filter(([kind]) => badFor.includes(kind))
      .map(([kind, provoke]) => ({ kind, title, answer, provoke })),
  );
  test.each(table)(
    'GC19 $kind: $title ends the server as badReturnValue',
    async ({ provoke, answer }) => {
      const log: unknown[] = [];
      const { system, server } = await startScripted(log);
      const bad = { type: 'badReturnValue', value: answer };
      await logEnd(system, log, 'server', server);
      expect(await outcome(provoke(server, answer))).toStrictEqual({ exit: bad });
      await settle(system);
      expect(log).toStrictEqual([
        ['terminate', bad, 0],
        ['server', bad],
      ]);
    },
  );

  test('GC19 a cast must not answer reply, even if a call is open', async () => {
    const log: unknown[] = [];
    const { system, server } = await startScripted(log);
    const answer = reply('stray', 1);
    const bad = { type: 'badReturnValue', value: answer };
    logOutcome(
      log,
      'call',
      call(server, (state) => noreply(state)),
    );
    cast(server, () => answer as never);
    await settle(system);
    expect(log).toStrictEqual([
      ['terminate', bad, 0],
      ['call', { exit: bad }],
    ]);
  });

  const throwing: readonly (readonly [string, (value: unknown) => OnCall])[] = [
    [
      'thrown',
      (value) => () => {
        throw value;
      },
    ],
    ['rejected with', (value) => () => Promise.reject(value)],
  ];
  test.each(throwing)('GC20 an answer that is %s counts as returned', async (_how, clause) => {
    const { server } = await startScripted();
    expect(await call(server, clause(reply('thrown', 7)))).toBe('thrown');
    expect(await call(server, increment)).toBe(7);
  });

  test.each(throwing)('GC21 any other value that is %s is a bad answer', async (_how, clause) => {
    const log: unknown[] = [];
    const { server } = await startScripted(log);
    const bad = { type: 'badReturnValue', value: 'V' };
    expect(await outcome(call(server, clause('V')))).toStrictEqual({ exit: bad });
    expect(log).toStrictEqual([['terminate', bad, 0]]);
  });
});

describe('a missing callback', () => {
  interface Anything {
    readonly [request: string]: { readonly payload: undefined; readonly reply: unknown };
  }
  type AnyServer = GenServer.Server<Anything, Anything, unknown>;
  const bare = GenServer.define({ init: () => ok(0) });
  const other = GenServer.define({
    init: () => ok(0),
    handleCall: { other: (_, state) => reply(state, state) },
    handleCast: { other: (_, state) => noreply(state) },
  });

  test.each(['missing', 'toString', 'constructor', '__proto__'])(
    'GC22 a request with no clause, %p, ends the server and fails the call',
    async (request) => {
      const system = createTestSystem();
      const log: unknown[] = [];
      const server = (await GenServer.start(system, other, undefined)) as unknown as AnyServer;
      const reason = { type: 'functionClause', callback: 'handleCall', request };
      await logEnd(system, log, 'server', server);
      expect(await outcome(GenServer.call(server, request))).toStrictEqual({ exit: reason });
      await settle(system);
      expect(log).toStrictEqual([['server', reason]]);
    },
  );

  test('GC22 a cast with no clause ends the server', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const server = (await GenServer.start(system, other, undefined)) as unknown as AnyServer;
    await logEnd(system, log, 'server', server);
    GenServer.cast(server, 'missing');
    await settle(system);
    expect(log).toStrictEqual([
      ['server', { type: 'functionClause', callback: 'handleCast', request: 'missing' }],
    ]);
  });

  test('GC28 a message to a server without handleInfo is reported and dropped', async () => {
    const system = createTestSystem();
    const server = (await GenServer.start(system, bare, undefined)) as unknown as AnyServer;
    send(server, 'unknown');
    await settle(system);
    expect(isAlive(server)).toBe(true);
    expect(system.reports).toStrictEqual([
      {
        level: 'warn',
        message: `${String(server)} has no handleInfo: message dropped`,
        details: { message: '"unknown"' },
      },
    ]);
  });

  test('GC29 a cast to a server without handleCast ends it as undef', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const server = (await GenServer.start(system, bare, undefined)) as unknown as AnyServer;
    await logEnd(system, log, 'server', server);
    GenServer.cast(server, 'any');
    await settle(system);
    expect(log).toStrictEqual([['server', { type: 'undef', callback: 'handleCast' }]]);
  });

  test('GC30 a call to a server without handleCall ends it and the call as undef', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const server = (await GenServer.start(system, bare, undefined)) as unknown as AnyServer;
    const reason = { type: 'undef', callback: 'handleCall' };
    await logEnd(system, log, 'server', server);
    expect(await outcome(GenServer.call(server, 'any'))).toStrictEqual({ exit: reason });
    await settle(system);
    expect(log).toStrictEqual([['server', reason]]);
  });
});

describe('a cast', () => {
  test('GC25 to a dead server, or to a name that no process has, is dropped without a report', async () => {
    const { system, server } = await startScripted();
    exit(system, server, kill);
    expect(GenServer.cast(server, 'run', noreply)).toBeUndefined();
    const free = name<ScriptedServer>('free').in(system);
    expect(GenServer.cast(free, 'run', noreply)).toBeUndefined();
    await settle(system);
    expect(system.reports).toStrictEqual([]);
  });

  test('GC26 is handled before a later call of the same client', async () => {
    const { server } = await startScripted();
    for (let count = 0; count < 10; count++) {
      cast(server, (state) => noreply(state + 1));
    }
    expect(await call(server, increment)).toBe(10);
  });

  test('GC27 that answers stop runs terminate and ends the server', async () => {
    const log: unknown[] = [];
    const { system, server } = await startScripted(log);
    await logEnd(system, log, 'server', server);
    cast(server, () => stop(stopReason, 7));
    await settle(system);
    expect(log).toStrictEqual([
      ['terminate', stopReason, 7],
      ['server', stopReason],
    ]);
  });
});

describe('an idle timeout', () => {
  const timedOut = ['info', { type: 'timeout' }];
  const wait = (ms: number): Action<never> => ({ timeout: ms });

  test.each([
    ['call', (server: ScriptedServer) => void call(server, (state) => reply(0, state, wait(100)))],
    ['cast', (server: ScriptedServer) => cast(server, (state) => noreply(state, wait(100)))],
    ['info', (server: ScriptedServer) => send(server, (state) => noreply(state, wait(100)))],
  ])('GC31 answered by a %s comes once, after that long without a message', async (_kind, arm) => {
    const log: unknown[] = [];
    const { system, server } = await startScripted(log);
    arm(server);
    await advance(system, 99);
    expect(log).toStrictEqual([]);
    await advance(system, 1);
    expect(log).toStrictEqual([timedOut]);
    await advance(system, 1000);
    expect(log).toStrictEqual([timedOut]);
  });

  test('GC31 may be answered by init', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const behaviour = { ...scripted(log), init: (state: number) => ok(state, wait(100)) };
    await GenServer.start(system, behaviour, 0);
    await advance(system, 99);
    expect(log).toStrictEqual([]);
    await advance(system, 1);
    expect(log).toStrictEqual([timedOut]);
  });

  const messages: readonly (readonly [
    string,
    (server: ScriptedServer, action?: Action<never>) => void,
  ])[] = [
    [
      'call',
      (server, action) =>
        void call(server, (state) => (action ? reply(0, state, action) : reply(0, state))),
    ],
    [
      'cast',
      (server, action) =>
        cast(server, (state) => (action ? noreply(state, action) : noreply(state))),
    ],
    [
      'message',
      (server, action) =>
        send(server, (state) => (action ? noreply(state, action) : noreply(state))),
    ],
  ];
  test.each(messages)('GC32 is cancelled by a %s', async (_kind, disturb) => {
    const log: unknown[] = [];
    const { system, server } = await startScripted(log);
    cast(server, (state) => noreply(state, wait(100)));
    await advance(system, 99);
    disturb(server);
    await advance(system, 1000);
    expect(log).toStrictEqual([]);
  });

  test.each(messages)('GC32 begins anew when a %s answers it again', async (_kind, disturb) => {
    const log: unknown[] = [];
    const { system, server } = await startScripted(log);
    cast(server, (state) => noreply(state, wait(100)));
    await advance(system, 99);
    disturb(server, wait(50));
    await advance(system, 49);
    expect(log).toStrictEqual([]);
    await advance(system, 1);
    expect(log).toStrictEqual([timedOut]);
  });

  test('GC32 that falls due while a message waits is dropped, but not the one that the message starts', async () => {
    const log: unknown[] = [];
    const clock = manualClock();
    const system = createSystem({ clock });
    const server = await GenServer.start(system, scripted(log), 0);
    cast(server, (state) => noreply(state, wait(100)));
    await settle(system);
    send(server, (state) => noreply(state, wait(50)));
    clock.turn(100);
    await settle(system);
    expect(log).toStrictEqual([]);
    clock.turn(50);
    await settle(system);
    expect(log).toStrictEqual([timedOut]);
  });

  test('GC32 is also cancelled by the message undefined, which is no timeout', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const behaviour = GenServer.define({
      init: () => ok(0, wait(100)),
      handleInfo: (message: unknown, state) => {
        log.push(message);
        return noreply(state);
      },
    });
    const server = await GenServer.start(system, behaviour, undefined);
    send(server as GenServer.Server<unknown, unknown, unknown>, undefined);
    await advance(system, 1000);
    expect(log).toStrictEqual([undefined]);
    send(server as GenServer.Server<unknown, unknown, unknown>, undefined);
    await settle(system);
    expect(log).toStrictEqual([undefined, undefined]);
  });

  test('GC34 of 0 comes at once when no message waits', async () => {
    const log: unknown[] = [];
    const { system, server } = await startScripted(log);
    cast(server, (state) => noreply(state, wait(0)));
    await settle(system);
    expect(log).toStrictEqual([timedOut]);
  });

  test('GC34 of 0 does not come when a message waits', async () => {
    const log: unknown[] = [];
    const { system, server } = await startScripted(log);
    cast(server, (state) => noreply(state, wait(0)));
    send(server, 'queued');
    await advance(system, 1000);
    expect(log).toStrictEqual([['info', 'queued']]);
  });
});

/** A clock that the test advances: timers fire synchronously, before any process has a turn. */
function manualClock(): Clock & { turn(ms: number): void } {
  let time = 0;
  let timer: { readonly due: number; readonly callback: () => void } | undefined;
  return {
    now: () => time,
    setTimeout(callback, ms) {
      timer = { due: time + ms, callback };
      return {};
    },
    clearTimeout() {
      timer = undefined;
    },
    turn(ms) {
      time += ms;
      if (timer !== undefined && timer.due <= time) {
        const { callback } = timer;
        timer = undefined;
        callback();
      }
    },
  };
}
