import { describe, expect, test } from '@jest/globals';
import {
  crash,
  type DownMessage,
  exit,
  type ExitMessage,
  type ExitReason,
  formatReason,
  GenServer,
  ignore,
  isAlive,
  kill,
  killed,
  monitor,
  name,
  noproc,
  noreply,
  normal,
  ok,
  type Pid,
  type Process,
  reply,
  send,
  shutdown,
  shutdownWith,
  spawn,
  stop,
  sys,
  trapExit,
  whereis,
} from '@reprise/actor';
import { advance, createTestSystem, settle, type TestSystem } from '@reprise/actor/testing';

import type { CallAnswer, CastAnswer, InitAnswer } from '../../src/server/behaviour.ts';
import { elapse, logEnd, logOutcome, outcome } from '../support/outcome.ts';
import { drain, forever, idleProcess } from '../support/processes.ts';

type State = readonly string[];
type Init = (self: Process) => InitAnswer<State> | Promise<InitAnswer<State>>;
type OnCall = (state: State, self: Process) => CallAnswer<State> | Promise<CallAnswer<State>>;
type OnCast = (state: State, self: Process) => CastAnswer<State> | Promise<CastAnswer<State>>;
type Info = OnCast | string | ExitMessage;

/** A server whose argument and requests carry the code of the callbacks. */
const scripted = (log: unknown[] = []) =>
  GenServer.define({
    init: (then: Init, self) => then(self),
    handleCall: { run: (then: OnCall, state, _from, self) => then(state, self) },
    handleCast: { run: (then: OnCast, state, self) => then(state, self) },
    handleContinue: (then: OnCast, state, self) => then(state, self),
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

const initPlainly: Init = () => ok([]);
const initTrapping: Init = (self) => {
  trapExit(self, true);
  return ok([]);
};
const call = (server: ScriptedServer, then: OnCall): Promise<unknown> =>
  GenServer.call(server, 'run', then);
const cast = (server: ScriptedServer, then: OnCast): void => {
  GenServer.cast(server, 'run', then);
};

const thrownError = new Error('boom');
const refusal = crash('no');
const exitSignal = crash('sig');
const timeout: ExitReason = { type: 'timeout' };

/** A server linked to a parent: the test acts as the parent. */
async function startLinked(
  log: unknown[],
  init: Init,
  parentTraps = false,
): Promise<{ system: TestSystem; parent: Process; server: ScriptedServer }> {
  const system = createTestSystem();
  const parent = await idleProcess(system, { traps: parentTraps });
  const server = (await GenServer.startLink(parent, scripted(log), init)) as ScriptedServer;
  return { system, parent, server };
}

/** A server without a link. */
async function startAlone(
  log: unknown[],
  init: Init = initPlainly,
  options?: GenServer.StartOptions,
): Promise<{ system: TestSystem; server: ScriptedServer }> {
  const system = createTestSystem();
  const server = (await GenServer.start(system, scripted(log), init, options)) as ScriptedServer;
  return { system, server };
}

describe('a start', () => {
  test('IN01 resolves once init has answered, with a server linked to its parent', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const parent = await idleProcess(system);
    const start = GenServer.startLink(parent, scripted(), async () => {
      await elapse(system, 10);
      log.push('initialised');
      return ok([]);
    });
    void start.then(() => log.push('started'));
    await advance(system, 9);
    expect(log).toStrictEqual([]);
    await advance(system, 1);
    expect(log).toStrictEqual(['initialised', 'started']);
    await logEnd(system, log, 'server', (await start) as ScriptedServer);
    exit(system, parent.pid, refusal);
    await settle(system);
    expect(log).toStrictEqual(['initialised', 'started', ['server', refusal]]);
  });

  test('IN02 without a link does not affect its parent when the server crashes', async () => {
    const system = createTestSystem();
    const parent = await idleProcess(system);
    const server = (await GenServer.start(parent, scripted(), initPlainly)) as ScriptedServer;
    expect(await outcome(call(server, () => Promise.reject(thrownError)))).toStrictEqual({
      exit: crash(thrownError),
    });
    await settle(system);
    expect(isAlive(server)).toBe(false);
    expect(isAlive(parent.pid)).toBe(true);
    expect(parent.messageQueueLen).toBe(0);
  });

  test('IN17 under a name has it from init on', async () => {
    const log: unknown[] = [];
    const { server } = await startAlone(
      log,
      (self) => {
        log.push(whereis(self, 'me') === self.pid);
        return ok([]);
      },
      { name: 'me' },
    );
    expect(log).toStrictEqual([true]);
    expect(isAlive(server)).toBe(true);
  });
});

describe('a start whose init fails', () => {
  const failures: readonly (readonly [string, string, Init, ExitReason])[] = [
    ['IN04', 'answers stop', () => stop(refusal), refusal],
    ['IN04', 'answers stop after an await', async () => stop(refusal), refusal],
    ['IN12', 'exits', (self) => exit(self, refusal), refusal],
    ['IN12', 'exits after an await', async (self) => exit(self, refusal), refusal],
    [
      'IN13',
      'raises an error',
      () => {
        throw thrownError;
      },
      crash(thrownError),
    ],
    ['IN13', 'rejects with an error', () => Promise.reject(thrownError), crash(thrownError)],
  ];
  test.each(failures)(
    '%s %s: the start and the process have its reason, terminate is not run',
    async (_id, _how, init, reason) => {
      const system = createTestSystem();
      const log: unknown[] = [];
      const observer = await idleProcess(system);
      const watched: Init = (self) => {
        monitor(observer, self.pid);
        return init(self);
      };
      expect(await outcome(GenServer.start(system, scripted(log), watched))).toStrictEqual({
        exit: reason,
      });
      expect(await drain(observer)).toMatchObject([{ type: 'DOWN', reason }]);
      expect(log).toStrictEqual([]);
    },
  );

  const notAllowed: readonly (readonly [string, unknown])[] = [
    ['nothing', undefined],
    ['a bare state', []],
    ['a value that only looks like an answer', { type: 'ok', state: [] }],
    ['noreply', noreply([])],
    ['reply', reply(1, [])],
    ['stop with a reply', stop(refusal, 1, [])],
  ];
  test.each(notAllowed)(
    'IN11 init that answers %s fails the start as badReturnValue',
    async (_what, value) => {
      const system = createTestSystem();
      const log: unknown[] = [];
      logOutcome(
        log,
        'start',
        GenServer.start(system, scripted(log), () => value as never),
      );
      await settle(system);
      expect(log).toStrictEqual([['start', { exit: { type: 'badReturnValue', value } }]]);
    },
  );

  test('IN14 an answer that init throws counts as returned', async () => {
    const { server } = await startAlone([], () => {
      throw ok(['thrown']);
    });
    expect(await call(server, (state) => reply(state, state))).toStrictEqual(['thrown']);
  });

  test('IN16 a behaviour without init fails the start as undef', async () => {
    const system = createTestSystem();
    expect(await outcome(GenServer.start(system, {} as never, undefined))).toStrictEqual({
      exit: { type: 'undef', callback: 'init' },
    });
  });

  test.each([refusal, shutdown, shutdownWith('x'), killed])(
    'IN05 ends a linked parent that does not trap exits: %j',
    async (reason) => {
      const system = createTestSystem();
      const log: unknown[] = [];
      const parent = await idleProcess(system);
      await logEnd(system, log, 'parent', parent.pid);
      logOutcome(
        log,
        'start',
        GenServer.startLink(parent, scripted(), () => stop(reason)),
      );
      await settle(system);
      expect(log).toHaveLength(2);
      expect(log).toContainEqual(['parent', reason]);
      expect(log).toContainEqual(['start', { exit: reason }]);
    },
  );

  test('IN06 by stop(normal) leaves a linked parent alive', async () => {
    const system = createTestSystem();
    const parent = await idleProcess(system);
    const start = GenServer.startLink(parent, scripted(), () => stop(normal));
    expect(await outcome(start)).toStrictEqual({ exit: normal });
    await settle(system);
    expect(isAlive(parent.pid)).toBe(true);
  });

  test.each([refusal, shutdown, normal])(
    'IN07 rejects in a parent that traps exits, and sends it no EXIT message: %j',
    async (reason) => {
      const system = createTestSystem();
      const parent = await idleProcess(system, { traps: true });
      const start = GenServer.startLink(parent, scripted(), () => stop(reason));
      expect(await outcome(start)).toStrictEqual({ exit: reason });
      await settle(system);
      expect(await drain(parent)).toStrictEqual([]);
    },
  );

  test('IN09 ignore resolves with undefined and ends the process as normal', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const parent = await idleProcess(system);
    const start = GenServer.startLink(parent, scripted(log), (self) => {
      monitor(parent, self.pid);
      return ignore;
    });
    expect(await start).toBeUndefined();
    await settle(system);
    expect(isAlive(parent.pid)).toBe(true);
    expect(await drain(parent)).toMatchObject([{ type: 'DOWN', reason: normal }]);
    expect(log).toStrictEqual([]);
  });

  test('IN09 ignore leaves no EXIT message with a parent that traps exits', async () => {
    const system = createTestSystem();
    const parent = await idleProcess(system, { traps: true });
    expect(await GenServer.startLink(parent, scripted(), () => ignore)).toBeUndefined();
    await settle(system);
    expect(await drain(parent)).toStrictEqual([]);
  });

  test.each<readonly [string, Init]>([
    ['ignore', () => ignore],
    ['stop', () => stop(refusal)],
  ])('IN10 %s under a name has freed it when the start settles', async (_answer, init) => {
    const system = createTestSystem();
    await outcome(GenServer.start(system, scripted(), init, { name: 'again' }));
    expect(whereis(system, 'again')).toBeUndefined();
    const server = await GenServer.start(system, scripted(), initPlainly, { name: 'again' });
    expect(whereis(system, 'again')).toBe(server);
  });

  test('IN15 by being slower than its timeout rejects with it and frees the name', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const options = { name: 'slow', timeout: 100 };
    logOutcome(log, 'start', GenServer.start(system, scripted(log), forever, options));
    await advance(system, 99);
    expect(log).toStrictEqual([]);
    await advance(system, 1);
    expect(log).toStrictEqual([['start', { exit: timeout }]]);
    expect(whereis(system, 'slow')).toBeUndefined();
  });

  test('IN15 by being slower than its timeout is killed, and its late answer is dropped', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const observer = await idleProcess(system);
    const late: Init = async (self) => {
      monitor(observer, self.pid);
      await elapse(system, 200);
      return ok([], { continue: () => log.push('late') });
    };
    logOutcome(log, 'start', GenServer.start(system, scripted(log), late, { timeout: 100 }));
    await advance(system, 1000);
    expect(log).toStrictEqual([['start', { exit: timeout }]]);
    expect(await drain(observer)).toMatchObject([{ type: 'DOWN', reason: killed }]);
  });

  test.each([false, true])(
    'IN15 by being slower than its timeout does not affect the linked parent (which traps exits: %p)',
    async (traps) => {
      const system = createTestSystem();
      const log: unknown[] = [];
      const parent = await idleProcess(system, { traps });
      logOutcome(log, 'start', GenServer.startLink(parent, scripted(), forever, { timeout: 100 }));
      await advance(system, 100);
      expect(log).toStrictEqual([['start', { exit: timeout }]]);
      expect(isAlive(parent.pid)).toBe(true);
      expect(parent.messageQueueLen).toBe(0);
    },
  );
});

describe('while init runs', () => {
  test('IN18 a call by name waits, and is served after init and its continue', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const init: Init = async () => {
      await elapse(system, 10);
      log.push('init');
      const next: OnCast = (state) => {
        log.push('continue');
        return noreply(state);
      };
      return ok([], { continue: next });
    };
    void GenServer.start(system, scripted(), init, { name: 'busy' });
    await settle(system);
    logOutcome(
      log,
      'call',
      call(whereis(system, 'busy') as ScriptedServer, (state) => reply('R', state)),
    );
    await advance(system, 9);
    expect(log).toStrictEqual([]);
    await advance(system, 1);
    expect(log).toStrictEqual(['init', 'continue', ['call', { value: 'R' }]]);
  });

  test('IN19 a call that waits fails with the reason when init fails', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const init: Init = async () => {
      await elapse(system, 10);
      return stop(refusal);
    };
    const start = outcome(GenServer.start(system, scripted(log), init, { name: 'busy' }));
    await settle(system);
    logOutcome(
      log,
      'call',
      call(whereis(system, 'busy') as ScriptedServer, (state) => reply('R', state)),
    );
    await advance(system, 10);
    expect(await start).toStrictEqual({ exit: refusal });
    expect(log).toStrictEqual([['call', { exit: refusal }]]);
  });
});

describe('a continue', () => {
  const says =
    (log: unknown[], text: string): OnCast =>
    (state) => {
      log.push(text);
      return noreply(state);
    };

  test('IN20 of init runs before any queued message, and the start does not wait for it', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const init: Init = async () => {
      await elapse(system, 10);
      const next: OnCast = async (state) => {
        log.push('continue begins');
        await elapse(system, 10);
        log.push('continue ends');
        return noreply(state);
      };
      return ok([], { continue: next });
    };
    logOutcome(log, 'start', GenServer.start(system, scripted(log), init, { name: 'busy' }));
    await settle(system);
    const server = whereis(system, 'busy') as ScriptedServer;
    send(server, 'queued');
    await advance(system, 10);
    expect(log).toHaveLength(2);
    expect(log).toContainEqual(['start', { value: server }]);
    expect(log).toContainEqual('continue begins');
    await advance(system, 10);
    expect(log.slice(2)).toStrictEqual(['continue ends', ['info', 'queued']]);
  });

  test('IN21 of init runs before a message that init sent to its own process', async () => {
    const log: unknown[] = [];
    const { system } = await startAlone(log, (self) => {
      send(self.pid as ScriptedServer, 'early');
      return ok([], { continue: says(log, 'continue') });
    });
    await settle(system);
    expect(log).toStrictEqual(['continue', ['info', 'early']]);
  });

  test('IN22 that answers another one is followed by it before any queued message', async () => {
    const log: unknown[] = [];
    const { system, server } = await startAlone(log);
    const first: OnCast = (state) => {
      log.push('first');
      return noreply(state, { continue: says(log, 'second') });
    };
    cast(server, (state) => noreply(state, { continue: first }));
    send(server, 'queued');
    await settle(system);
    expect(log).toStrictEqual(['first', 'second', ['info', 'queued']]);
  });

  test('IN23 of a reply does not keep the caller waiting', async () => {
    const { server } = await startAlone([]);
    expect(await call(server, (state) => reply('R', state, { continue: forever }))).toBe('R');
  });

  test('IN24 of a cast runs before a message that is already queued', async () => {
    const log: unknown[] = [];
    const { system, server } = await startAlone(log);
    cast(server, (state) => noreply(state, { continue: says(log, 'continue') }));
    send(server, 'queued');
    await settle(system);
    expect(log).toStrictEqual(['continue', ['info', 'queued']]);
  });

  test('IN25 of init that answers stop ends a server whose start had succeeded', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const early = crash('early');
    const observer = await idleProcess(system);
    const start = GenServer.start(system, scripted(log), (self) => {
      monitor(observer, self.pid);
      return ok([], { continue: ((state) => stop(early, state)) satisfies OnCast });
    });
    const server = (await start) as Pid;
    await settle(system);
    expect(await drain(observer)).toMatchObject([{ type: 'DOWN', pid: server, reason: early }]);
    expect(log).toStrictEqual([['terminate', early, []]]);
  });
});

describe('terminate', () => {
  const latest = ['latest'];
  const callbacks: readonly (readonly [string, (server: ScriptedServer, then: OnCast) => void])[] =
    [
      ['handleCall', (server, then) => void outcome(call(server, then as unknown as OnCall))],
      ['handleCast', (server, then) => cast(server, then)],
      ['handleInfo', (server, then) => send(server, then)],
      [
        'handleContinue',
        (server, then) => cast(server, (state) => noreply(state, { continue: then })),
      ],
    ];

  test.each(callbacks)(
    'IN26 runs once, with the latest state, when %s answers stop',
    async (_name, tell) => {
      const log: unknown[] = [];
      const { system, server } = await startAlone(log);
      await logEnd(system, log, 'server', server);
      tell(server, () => stop(refusal, latest));
      send(server, 'queued');
      await settle(system);
      expect(log).toStrictEqual([
        ['terminate', refusal, latest],
        ['server', refusal],
      ]);
    },
  );

  const raising: readonly (readonly [string, string, OnCast, ExitReason])[] = [
    [
      'IN27',
      'raises an error',
      () => {
        throw thrownError;
      },
      crash(thrownError),
    ],
    ['IN27', 'rejects with an error', () => Promise.reject(thrownError), crash(thrownError)],
    ['IN28', 'exits', (_state, self) => exit(self, refusal), refusal],
    ['IN28', 'exits after an await', async (_state, self) => exit(self, refusal), refusal],
  ];
  const table = raising.flatMap(([id, how, callback, reason]) =>
    callbacks.map(([name, tell]) => ({ id, how, callback, reason, name, tell })),
  );
  test.each(table)(
    '$id runs with the state before when $name $how',
    async ({ tell, callback, reason }) => {
      const log: unknown[] = [];
      const { system, server } = await startAlone(log, () => ok(['before']));
      await logEnd(system, log, 'server', server);
      tell(server, callback);
      await settle(system);
      expect(log).toStrictEqual([
        ['terminate', reason, ['before']],
        ['server', reason],
      ]);
    },
  );

  test('IN29 may be left out', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const server = await GenServer.start(
      system,
      GenServer.define({ init: () => ok(0) }),
      undefined,
    );
    await logEnd(system, log, 'server', server);
    expect(await outcome(GenServer.stop(server, refusal))).toStrictEqual({ value: undefined });
    await settle(system);
    expect(log).toStrictEqual([['server', refusal]]);
  });

  const tt = new Error('tt');
  const badly: readonly (readonly [
    string,
    string,
    (self: Process) => void | Promise<void>,
    ExitReason,
  ])[] = [
    [
      'IN30',
      'raises an error: that is the reason',
      () => {
        throw tt;
      },
      crash(tt),
    ],
    ['IN30', 'rejects with an error: that is the reason', () => Promise.reject(tt), crash(tt)],
    ['IN31', 'exits: that is the reason', (self) => exit(self, crash('tt')), crash('tt')],
    [
      'IN32',
      'throws a value that is no error: the reason stays',
      () => {
        throw 'tt' as unknown;
      },
      crash('orig'),
    ],
    [
      'IN32',
      'rejects with a value that is no error: the reason stays',
      () => Promise.reject('tt'),
      crash('orig'),
    ],
    [
      'IN32',
      'throws an answer: the reason stays',
      () => {
        throw noreply([]) as unknown;
      },
      crash('orig'),
    ],
    [
      'IN32',
      'rejects with an answer: the reason stays',
      () => Promise.reject(noreply([])),
      crash('orig'),
    ],
    [
      'IN32',
      'rejects with a stop: the reason stays',
      () => Promise.reject(stop(crash('tt'), [])),
      crash('orig'),
    ],
  ];
  test.each(badly)('%s that %s', async (_id, _how, terminate, reason) => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const behaviour = {
      ...scripted(),
      terminate: (_reason: ExitReason, _state: State, self: Process) => terminate(self),
    };
    const server = (await GenServer.start(system, behaviour, initPlainly)) as ScriptedServer;
    await logEnd(system, log, 'server', server);
    cast(server, (state) => stop(crash('orig'), state));
    await settle(system);
    expect(log).toStrictEqual([['server', reason]]);
  });

  test.each(badly)(
    '%s that %s, after the reply of a stop',
    async (_id, _how, terminate, reason) => {
      const system = createTestSystem();
      const log: unknown[] = [];
      const behaviour = {
        ...scripted(),
        terminate: (_reason: ExitReason, _state: State, self: Process) => terminate(self),
      };
      const server = (await GenServer.start(system, behaviour, initPlainly)) as ScriptedServer;
      await logEnd(system, log, 'server', server);
      logOutcome(
        log,
        'call',
        call(server, (state) => stop(crash('orig'), 'R', state)),
      );
      await settle(system);
      expect(log).toContainEqual(['call', { value: 'R' }]);
      expect(log).toContainEqual(['server', reason]);
    },
  );

  const orig = new Error('orig');
  const ends: readonly {
    readonly after: string;
    readonly end: (server: ScriptedServer, parent: Process) => void;
    readonly reason: ExitReason;
  }[] = [
    {
      after: 'a crash',
      end: (server) =>
        cast(server, () => {
          throw orig;
        }),
      reason: crash(orig),
    },
    {
      after: 'a rejection',
      end: (server) => cast(server, () => Promise.reject(orig)),
      reason: crash(orig),
    },
    {
      after: 'an answer that is none',
      end: (server) => cast(server, () => 'garbage' as never),
      reason: { type: 'badReturnValue', value: 'garbage' },
    },
    {
      after: 'a thrown stop',
      end: (server) =>
        cast(server, (state) => {
          throw stop(refusal, state) as unknown;
        }),
      reason: refusal,
    },
    {
      after: 'GenServer.stop',
      end: (server) => void outcome(GenServer.stop(server, refusal)),
      reason: refusal,
    },
    {
      after: 'a stop in good order',
      end: (server) => cast(server, (state) => stop(normal, state)),
      reason: normal,
    },
    {
      after: 'the shutdown by its parent',
      end: (server, parent) => {
        exit(parent, server, shutdown);
      },
      reason: shutdown,
    },
  ];
  const failures: readonly {
    readonly how: string;
    readonly terminate: (self: Process) => void | Promise<void>;
    /** Default: the reason for which it runs. */
    readonly reason?: ExitReason;
  }[] = [
    {
      how: 'throws a value',
      terminate: () => {
        throw 'v' as unknown;
      },
    },
    { how: 'rejects with a value', terminate: () => Promise.reject('v') },
    {
      how: 'throws an Error',
      terminate: () => {
        throw tt;
      },
      reason: crash(tt),
    },
    { how: 'rejects with an Error', terminate: () => Promise.reject(tt), reason: crash(tt) },
    {
      how: 'exits in good order',
      terminate: (self) => exit(self, shutdownWith('tt')),
      reason: shutdownWith('tt'),
    },
  ];
  const failing = ends.flatMap((end) => failures.map((failure) => ({ ...end, failure })));
  test.each(failing)(
    'IN30 that $failure.how after $after hides no crash: each is reported, in order',
    async ({ end, reason, failure }) => {
      const system = createTestSystem();
      const log: unknown[] = [];
      const parent = await idleProcess(system, { traps: true });
      const behaviour = {
        ...scripted(),
        terminate: (_reason: ExitReason, _state: State, self: Process) => failure.terminate(self),
      };
      const init: Init = (self) => {
        trapExit(self, true);
        return ok([]);
      };
      const options = { name: 'worker' };
      const start = GenServer.startLink(parent, behaviour, init, options);
      const server = (await start) as ScriptedServer;
      await logEnd(system, log, 'server', server);
      end(server, parent);
      await settle(system);
      const last = failure.reason ?? reason;
      expect(log).toStrictEqual([['server', last]]);
      const crashes = [...new Set([reason, last])].filter(
        ({ type }) => type !== 'normal' && type !== 'shutdown',
      );
      expect(system.reports.map(({ message }) => message)).toStrictEqual(
        crashes.map((each) => `process worker crashed: ${formatReason(each)}`),
      );
    },
  );

  test('IN30 that hangs, and is killed, hides no crash', async () => {
    const system = createTestSystem();
    const behaviour = { ...scripted(), terminate: forever };
    const server = (await GenServer.start(system, behaviour, initPlainly, {
      name: 'worker',
    })) as ScriptedServer;
    cast(server, () => Promise.reject(orig));
    await settle(system);
    const reports = [{ level: 'error', message: 'process worker crashed: Error: orig' }];
    expect(system.reports).toMatchObject(reports);
    exit(system, server, kill);
    await settle(system);
    expect(system.reports).toMatchObject(reports);
  });

  test('IN28 runs for an answer whose reason is none: that is a crash of the callback', async () => {
    const log: unknown[] = [];
    const { system, server } = await startAlone(log);
    cast(server, (state) => stop('why' as never, state));
    await settle(system);
    expect(log).toMatchObject([['terminate', { type: 'crash' }, []]]);
    expect(system.reports).toHaveLength(1);
  });

  test('IN28 keeps the reason of an exit that looks like a thrown value', async () => {
    const log: unknown[] = [];
    const reason = { type: 'nocatch', value: 'v' } as const;
    const { system, server } = await startAlone(log);
    cast(server, (_, self) => exit(self, reason));
    await settle(system);
    expect(log).toStrictEqual([['terminate', reason, []]]);
  });

  test('IN40 delays the EXIT and the DOWN until it has ended', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const behaviour = { ...scripted(), terminate: () => elapse(system, 30) };
    spawn<ExitMessage | DownMessage>(system, async (self) => {
      trapExit(self, true);
      const server = (await GenServer.startLink(self, behaviour, initPlainly)) as ScriptedServer;
      monitor(self, server);
      cast(server, (state) => stop(refusal, state));
      log.push([(await self.receive()).type, system.clock.now()]);
      log.push([(await self.receive()).type, system.clock.now()]);
    });
    await advance(system, 29);
    expect(log).toStrictEqual([]);
    await advance(system, 1);
    expect(log).toHaveLength(2);
    expect(log).toContainEqual(['EXIT', 30]);
    expect(log).toContainEqual(['DOWN', 30]);
  });

  test('IN41 still has the name, which is free once the server is dead', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const behaviour = {
      ...scripted(),
      terminate: (_reason: ExitReason, _state: State, self: Process) => {
        log.push(whereis(self, 'me') === self.pid);
      },
    };
    const server = (await GenServer.start(system, behaviour, initPlainly, {
      name: 'me',
    })) as ScriptedServer;
    await GenServer.stop(server);
    expect(log).toStrictEqual([true]);
    expect(whereis(system, 'me')).toBeUndefined();
  });

  test('IN51 is not disturbed by further exit signals when exits are trapped: the first reason stays', async () => {
    const log: unknown[] = [];
    const system = createTestSystem();
    const parent = await idleProcess(system);
    const other = await idleProcess(system);
    const behaviour = {
      ...scripted(log),
      terminate: async () => {
        await elapse(system, 30);
        log.push('terminated');
      },
    };
    const server = (await GenServer.startLink(parent, behaviour, initTrapping)) as ScriptedServer;
    await logEnd(system, log, 'server', server);
    exit(parent, server, shutdown);
    await settle(system);
    exit(other, server, crash('second'));
    exit(parent, server, crash('third'));
    await advance(system, 29);
    expect(log).toStrictEqual([]);
    await advance(system, 1);
    expect(log).toStrictEqual(['terminated', ['server', shutdown]]);
  });
});

describe('an exit signal', () => {
  test('IN33 ends a server that does not trap exits without terminate', async () => {
    const log: unknown[] = [];
    const { system, server } = await startAlone(log);
    const other = await idleProcess(system);
    await logEnd(system, log, 'server', server);
    exit(other, server, exitSignal);
    await settle(system);
    expect(log).toStrictEqual([['server', exitSignal]]);
  });

  test('IN34 of another process than the parent goes to handleInfo when exits are trapped', async () => {
    const log: unknown[] = [];
    const { system, server } = await startLinked(log, initTrapping);
    const other = await idleProcess(system);
    exit(other, server, exitSignal);
    await settle(system);
    expect(log).toStrictEqual([['info', { type: 'EXIT', pid: other.pid, reason: exitSignal }]]);
    expect(isAlive(server)).toBe(true);
  });

  test('IN34 of the starter goes to handleInfo when the start was without a link', async () => {
    const log: unknown[] = [];
    const system = createTestSystem();
    const starter = await idleProcess(system);
    const server = (await GenServer.start(starter, scripted(log), initTrapping)) as ScriptedServer;
    exit(starter, server, exitSignal);
    await settle(system);
    expect(log).toStrictEqual([['info', { type: 'EXIT', pid: starter.pid, reason: exitSignal }]]);
    expect(isAlive(server)).toBe(true);
  });

  test.each([false, true])(
    'IN35 of the parent that is in the mailbox when trapping is turned off runs terminate (suspended: %p)',
    async (isSuspended) => {
      const log: unknown[] = [];
      const { system, parent, server } = await startLinked(log, initTrapping);
      await logEnd(system, log, 'server', server);
      cast(server, (state, self) => {
        trapExit(self, false);
        return noreply(state);
      });
      const suspended = isSuspended ? sys.suspend(server) : undefined;
      exit(parent, parent.pid, exitSignal);
      await suspended;
      await settle(system);
      expect(log).toStrictEqual([
        ['terminate', exitSignal, []],
        ['server', exitSignal],
      ]);
    },
  );

  test('IN35 of the parent that comes after trapping was turned off ends the server without terminate', async () => {
    const log: unknown[] = [];
    const { system, parent, server } = await startLinked(log, initTrapping);
    await logEnd(system, log, 'server', server);
    cast(server, (state, self) => {
      trapExit(self, false);
      return noreply(state);
    });
    await settle(system);
    exit(parent, parent.pid, exitSignal);
    await settle(system);
    expect(log).toStrictEqual([['server', exitSignal]]);
  });

  test('IN34 of another process that is in the mailbox when trapping is turned off goes to handleInfo', async () => {
    const log: unknown[] = [];
    const { system, server } = await startLinked(log, initTrapping);
    const other = await idleProcess(system);
    cast(server, (state, self) => {
      trapExit(self, false);
      return noreply(state);
    });
    exit(other, server, exitSignal);
    await settle(system);
    expect(log).toStrictEqual([['info', { type: 'EXIT', pid: other.pid, reason: exitSignal }]]);
  });

  const byParent: readonly (readonly [
    string,
    (parent: Process, server: Pid, reason: ExitReason) => void,
  ])[] = [
    ['sent by', (parent, server, reason) => exit(parent, server, reason)],
    ['from the end of', (parent, _server, reason) => exit(parent, parent.pid, reason)],
  ];
  test.each(byParent)(
    'IN35 %s the parent runs terminate and ends the server when exits are trapped',
    async (_how, signal) => {
      const log: unknown[] = [];
      const { system, parent, server } = await startLinked(log, initTrapping);
      await logEnd(system, log, 'server', server);
      signal(parent, server, exitSignal);
      await settle(system);
      expect(log).toStrictEqual([
        ['terminate', exitSignal, []],
        ['server', exitSignal],
      ]);
    },
  );

  test.each(byParent)(
    'IN36 %s the parent with reason normal does the same',
    async (_how, signal) => {
      const log: unknown[] = [];
      const { system, parent, server } = await startLinked(log, initTrapping);
      await logEnd(system, log, 'server', server);
      signal(parent, server, normal);
      await settle(system);
      expect(log).toStrictEqual([
        ['terminate', normal, []],
        ['server', normal],
      ]);
    },
  );

  test('IN37 a parent that ends normally leaves a server alive that does not trap exits', async () => {
    const log: unknown[] = [];
    const { system, parent, server } = await startLinked(log, initPlainly);
    exit(parent, parent.pid, normal);
    await settle(system);
    expect(isAlive(parent.pid)).toBe(false);
    expect(isAlive(server)).toBe(true);
    expect(log).toStrictEqual([]);
  });

  test('IN38 of the parent takes its turn among the messages of a busy server that traps exits', async () => {
    const log: unknown[] = [];
    const { system, parent, server } = await startLinked(log, initTrapping);
    await logEnd(system, log, 'server', server);
    cast(server, async (state) => {
      await elapse(system, 10);
      log.push('free');
      return noreply(state);
    });
    send(server, 'm1');
    exit(parent, server, exitSignal);
    send(server, 'm2');
    await advance(system, 10);
    expect(log).toStrictEqual([
      'free',
      ['info', 'm1'],
      ['terminate', exitSignal, []],
      ['server', exitSignal],
    ]);
  });

  test.each([
    ['plain', initPlainly],
    ['trapping', initTrapping],
  ])('IN39 kill never runs terminate (%s)', async (_kind, init) => {
    const log: unknown[] = [];
    const { system, parent, server } = await startLinked(log, init, true);
    await logEnd(system, log, 'server', server);
    exit(parent, server, kill);
    await settle(system);
    expect(log).toStrictEqual([['server', killed]]);
  });
});

describe('GenServer.stop', () => {
  test('rejects when the server ends of its own accord before, also with the same reason', async () => {
    const { system, server } = await startAlone([]);
    cast(server, (state) => stop(refusal, state));
    const stopped = outcome(GenServer.stop(server, refusal));
    await settle(system);
    expect(await stopped).toStrictEqual({ exit: refusal });
  });

  test('of two at the same time only the first ends the server', async () => {
    const { server } = await startAlone([]);
    const both = [GenServer.stop(server), GenServer.stop(server)].map(outcome);
    expect(await Promise.all(both)).toStrictEqual([{ value: undefined }, { exit: normal }]);
  });

  test('IN42 resolves once the server is dead, having run terminate with reason normal', async () => {
    const log: unknown[] = [];
    const { system, server } = await startAlone(log);
    await logEnd(system, log, 'server', server);
    await GenServer.stop(server);
    expect(isAlive(server)).toBe(false);
    await settle(system);
    expect(log).toStrictEqual([
      ['terminate', normal, []],
      ['server', normal],
    ]);
  });

  test('IN43 ends the server with the reason given', async () => {
    const log: unknown[] = [];
    const { system, server } = await startAlone(log);
    await logEnd(system, log, 'server', server);
    expect(await outcome(GenServer.stop(server, crash('abc'), { timeout: 1000 }))).toStrictEqual({
      value: undefined,
    });
    await settle(system);
    expect(log).toStrictEqual([
      ['terminate', crash('abc'), []],
      ['server', crash('abc')],
    ]);
  });

  test('IN44 of a dead server, or of a name that no process has, fails with noproc', async () => {
    const { system, server } = await startAlone([]);
    exit(system, server, kill);
    expect(await outcome(GenServer.stop(server))).toStrictEqual({ exit: noproc });
    const free = name<ScriptedServer>('free').in(system);
    expect(await outcome(GenServer.stop(free))).toStrictEqual({ exit: noproc });
  });

  test('IN45 gives up after its timeout, and the server goes on terminating', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const behaviour = { ...scripted(), terminate: () => elapse(system, 200) };
    const server = (await GenServer.start(system, behaviour, initPlainly)) as ScriptedServer;
    await logEnd(system, log, 'server', server);
    logOutcome(log, 'stop', GenServer.stop(server, normal, { timeout: 100 }));
    await advance(system, 99);
    expect(log).toStrictEqual([]);
    await advance(system, 1);
    expect(log).toStrictEqual([['stop', 'timeout']]);
    expect(isAlive(server)).toBe(true);
    await advance(system, 100);
    expect(log).toStrictEqual([
      ['stop', 'timeout'],
      ['server', normal],
    ]);
  });

  test('IN46 fails with the actual reason when the server ends with another one', async () => {
    const system = createTestSystem();
    const boo = crash('boo');
    const behaviour = {
      ...scripted(),
      terminate: (_reason: ExitReason, _state: State, self: Process) => exit(self, boo),
    };
    const server = (await GenServer.start(system, behaviour, initPlainly)) as ScriptedServer;
    expect(await outcome(GenServer.stop(server))).toStrictEqual({ exit: boo });
  });

  test('IN47 of oneself fails at once', async () => {
    const log: unknown[] = [];
    const { system, server } = await startAlone(log);
    cast(server, (state, self) => {
      logOutcome(log, 'stop', GenServer.stop(self.pid));
      return noreply(state);
    });
    await settle(system);
    expect(log).toStrictEqual([['stop', { exit: { type: 'callingSelf' } }]]);
    expect(isAlive(server)).toBe(true);
  });

  test.each([-1, 1.5, '5', null])(
    'IN48 with timeout %p throws in the caller and does not affect the server',
    async (bad) => {
      const { system, server } = await startAlone([]);
      await expect(GenServer.stop(server, normal, { timeout: bad as number })).rejects.toThrow(
        RangeError,
      );
      await settle(system);
      expect(isAlive(server)).toBe(true);
    },
  );

  test('IN48 with anything but an exit reason throws in the caller and does not affect the server', async () => {
    const { system, server } = await startAlone([]);
    await expect(GenServer.stop(server, 'bye' as never)).rejects.toThrow(
      new TypeError('Expected an exit reason such as normal, shutdown or crash(error), got "bye"'),
    );
    await settle(system);
    expect(isAlive(server)).toBe(true);
  });

  test('IN49 with an abnormal reason ends a linked caller that does not trap exits', async () => {
    const log: unknown[] = [];
    const { system, parent, server } = await startLinked(log, initPlainly);
    await logEnd(system, log, 'parent', parent.pid);
    await GenServer.stop(server, crash('abn'));
    await settle(system);
    expect(log).toStrictEqual([
      ['terminate', crash('abn'), []],
      ['parent', crash('abn')],
    ]);
  });
});

describe('the report of an end', () => {
  const ways: readonly (readonly [string, (server: ScriptedServer, reason: ExitReason) => void])[] =
    [
      ['an answer', (server, reason) => cast(server, (state) => stop(reason, state))],
      ['GenServer.stop', (server, reason) => void GenServer.stop(server, reason)],
      ['exit in a callback', (server, reason) => cast(server, (_, self) => exit(self, reason))],
    ];
  const expected = [normal, shutdown, shutdownWith('detail')];
  const unexpected = [refusal, killed, noproc, timeout, crash(thrownError)];
  const table = (reasons: readonly ExitReason[]) =>
    ways.flatMap(([way, end]) =>
      reasons.map((reason) => ({ way, end, reason, text: formatReason(reason) })),
    );

  test.each(table(expected))('IN50 is not made for $text by $way', async ({ end, reason }) => {
    const { system, server } = await startAlone([]);
    end(server, reason);
    await settle(system);
    expect(isAlive(server)).toBe(false);
    expect(system.reports).toStrictEqual([]);
  });

  test.each(table(unexpected))(
    'IN50 is made once for $text by $way',
    async ({ end, reason, text }) => {
      const { system, server } = await startAlone([], initPlainly, { name: 'worker' });
      end(server, reason);
      await settle(system);
      expect(system.reports).toMatchObject([
        { level: 'error', message: `process worker crashed: ${text}` },
      ]);
    },
  );
});
