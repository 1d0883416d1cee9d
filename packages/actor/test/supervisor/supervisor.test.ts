import { describe, expect, test } from '@jest/globals';
import {
  Agent,
  childSpec,
  crash,
  exit,
  ExitError,
  type ExitMessage,
  type ExitReason,
  formatReason,
  GenServer,
  ignore,
  isAlive,
  kill,
  killed,
  link,
  noproc,
  noreply,
  normal,
  ok,
  type Pid,
  type Process,
  processes,
  type Restart,
  send,
  shutdown,
  shutdownWith,
  spawn,
  stop,
  Supervisor,
  trapExit,
  unlink,
  whereis,
} from '@reprise/actor';
import { advance, createTestSystem, settle } from '@reprise/actor/testing';

import { cellOf } from '../../src/process/cell.ts';
import { logEnd, logOutcome, outcome } from '../support/outcome.ts';
import { drain, idleProcess } from '../support/processes.ts';
import {
  crashed,
  child,
  end,
  failedToStart,
  type Tree,
  startTree,
  refusal,
  workerOf,
  hasStarted,
  startSupervisor,
  hasTerminated,
  type Worker,
  worker,
  workers,
} from '../support/tree.ts';

describe('the start', () => {
  test('SS01 is one child after the other, in order, each when the one before is up', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const parent = await idleProcess(system);
    const children = ['a', 'b', 'c'].map((id) => child({ id, log, initTime: 10 }));
    logOutcome(log, 'start', startSupervisor(parent, children));
    await advance(system, 9);
    expect(log).toStrictEqual([]);
    await advance(system, 1);
    expect(log).toStrictEqual([hasStarted('a')]);
    await advance(system, 10);
    expect(log).toStrictEqual([hasStarted('a'), hasStarted('b')]);
    await advance(system, 9);
    expect(log).toStrictEqual([hasStarted('a'), hasStarted('b')]);
    await advance(system, 1);
    expect(log).toStrictEqual([
      hasStarted('a'),
      hasStarted('b'),
      hasStarted('c'),
      ['start', { value: expect.anything() }],
    ]);
  });

  test('SS05 that fails shuts down the children already started, in reverse, and starts no more', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const parent = await idleProcess(system, { traps: true });
    const children = [
      ...workers(log, 'a', 'b'),
      child({ id: 'c', log, plan: [refusal] }),
      ...workers(log, 'd'),
    ];
    expect(await outcome(startSupervisor(parent, children))).toStrictEqual({
      exit: failedToStart('c', refusal),
    });
    await settle(system);
    expect(log).toStrictEqual([
      hasStarted('a'),
      hasStarted('b'),
      ['failed', 'c'],
      hasTerminated('b', shutdown),
      hasTerminated('a', shutdown),
    ]);
    expect(await drain(parent)).toStrictEqual([]);
  });

  const error = new Error('no');
  test.each<readonly [string, () => Promise<undefined>, ExitReason]>([
    ['rejects with an ExitError', () => Promise.reject(new ExitError(refusal)), refusal],
    ['rejects with an error', () => Promise.reject(error), crash(error)],
    [
      'throws',
      () => {
        throw error;
      },
      crash(error),
    ],
    [
      'answers a value that is no pid',
      () => Promise.resolve('garbage' as never),
      { type: 'badReturnValue', value: 'garbage' },
    ],
  ])('SS05 fails when the start of a child %s', async (_how, begin, reason) => {
    const system = createTestSystem();
    const parent = await idleProcess(system, { traps: true });
    const children = [childSpec(begin, { id: 'a' })];
    expect(await outcome(startSupervisor(parent, children))).toStrictEqual({
      exit: failedToStart('a', reason),
    });
  });

  test('SS06 that fails ends a linked parent that does not trap exits', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const parent = await idleProcess(system);
    await logEnd(system, log, 'parent', parent.pid);
    const failed = outcome(startSupervisor(parent, [child({ id: 'a', log, plan: [refusal] })]));
    await settle(system);
    expect(log).toStrictEqual([
      ['failed', 'a'],
      ['parent', failedToStart('a', refusal)],
    ]);
    expect(await failed).toStrictEqual({ exit: failedToStart('a', refusal) });
  });

  test.each<Restart>(['permanent', 'transient'])(
    'SS07 keeps a %s child that answers ignore, without a process',
    async (restart) => {
      const log: unknown[] = [];
      const { supervisor } = await startTree(log, [
        child({ id: 'a', log, plan: ['ignore'] }, { restart }),
      ]);
      expect(await Supervisor.whichChildren(supervisor)).toStrictEqual([
        { id: 'a', pid: undefined, type: 'worker' },
      ]);
      expect(await Supervisor.countChildren(supervisor)).toStrictEqual({
        specs: 1,
        active: 0,
        supervisors: 0,
        workers: 1,
      });
    },
  );

  test('SS08 forgets a temporary child that answers ignore', async () => {
    const log: unknown[] = [];
    const { supervisor } = await startTree(log, [
      child({ id: 'a', log, plan: ['ignore'] }, { restart: 'temporary' }),
    ]);
    expect(await Supervisor.whichChildren(supervisor)).toStrictEqual([]);
  });

  const one = child({ id: 'a', log: [] });
  test.each<readonly [string, string, unknown, Error]>([
    [
      'SS12',
      'two children with one id',
      { children: [one, one] },
      new TypeError('Expected children with different ids, got "a" twice'),
    ],
    [
      'SS13',
      'a child without start',
      { children: [{ ...one, start: undefined }] },
      new TypeError(
        'Expected start of child "a" to be a function (parent) => Promise<Pid>, got undefined',
      ),
    ],
    [
      'SS14',
      'an unknown strategy',
      { strategy: 'oneForTwo' },
      new TypeError(
        `Expected strategy to be "oneForOne" or "oneForAll" or "restForOne", got "oneForTwo"`,
      ),
    ],
    [
      'SS14',
      'maxRestarts -1',
      { maxRestarts: -1 },
      new RangeError('Expected maxRestarts to be a whole number from 0 on, got -1'),
    ],
    [
      'SS14',
      'maxRestarts 1.5',
      { maxRestarts: 1.5 },
      new RangeError('Expected maxRestarts to be a whole number from 0 on, got 1.5'),
    ],
    [
      'SS14',
      'maxSeconds 0',
      { maxSeconds: 0 },
      new RangeError('Expected maxSeconds to be above 0, got 0'),
    ],
    [
      'SS14',
      'children that are no array',
      { children: 'a' },
      new TypeError('Expected children to be an array of child specs, got "a"'),
    ],
    [
      'SS16',
      'a child with an unknown restart',
      { children: [{ ...one, restart: 'always' }] },
      new TypeError(
        'Expected restart of child "a" to be "permanent" or "transient" or "temporary", got "always"',
      ),
    ],
  ])('%s refuses %s, and starts nothing', async (_row, _what, change, error) => {
    const system = createTestSystem();
    const options = { strategy: 'oneForOne', children: [], ...(change as object) } as const;
    const caught = await Supervisor.startLink(system, options).catch((thrown: unknown) => thrown);
    expect(caught).toStrictEqual(error);
    expect(caught).toBeInstanceOf(error.constructor);
    await settle(system);
    expect(isAlive(system.pid)).toBe(true);
  });

  describe('by a function', () => {
    const startBy = (parent: Process, init: () => unknown): Promise<unknown> =>
      Supervisor.startLink(parent, init as Supervisor.Init);

    test('calls it at each start, and uses its answer', async () => {
      const log: unknown[] = [];
      const ids = ['a', 'b'];
      const inner = Supervisor.childSpec(
        () => ({ strategy: 'oneForOne', children: workers(log, ids.shift() ?? 'none') }),
        { id: 'sub' },
      );
      const { system, supervisor } = await startTree(log, [inner]);
      exit(system, Supervisor.child(supervisor, 'sub'), kill);
      await settle(system);
      expect(log).toStrictEqual([hasStarted('a'), hasTerminated('a', killed), hasStarted('b')]);
    });

    test('may be asynchronous', async () => {
      const system = createTestSystem();
      const log: unknown[] = [];
      await startBy(system, () =>
        Promise.resolve({ strategy: 'oneForOne', children: workers(log, 'a') }),
      );
      expect(log).toStrictEqual([hasStarted('a')]);
    });

    test('SS02 that answers ignore resolves with undefined, and leaves nothing', async () => {
      const system = createTestSystem();
      const parent = await idleProcess(system, { traps: true });
      expect(await outcome(startBy(parent, () => ignore))).toStrictEqual({ value: undefined });
      await settle(system);
      expect(await drain(parent)).toStrictEqual([]);
      expect(processes(system)).toStrictEqual([system.pid, parent.pid]);
    });

    test.each<readonly [string, unknown]>([
      ['a text', 'garbage'],
      ['null', null],
      ['nothing', undefined],
    ])('SS03 that answers %s rejects with badReturnValue', async (_what, value) => {
      const system = createTestSystem();
      const parent = await idleProcess(system, { traps: true });
      expect(await outcome(startBy(parent, () => value))).toStrictEqual({
        exit: { type: 'badReturnValue', value },
      });
      expect(processes(system)).toStrictEqual([system.pid, parent.pid]);
    });

    const oops = new Error('oops');
    test.each<readonly [string, () => unknown]>([
      [
        'throws',
        () => {
          throw oops;
        },
      ],
      ['rejects', () => Promise.reject(oops)],
    ])('SS04 that %s rejects with that', async (_what, init) => {
      const system = createTestSystem();
      const parent = await idleProcess(system, { traps: true });
      expect(await outcome(startBy(parent, init))).toStrictEqual({ exit: crash(oops) });
      expect(processes(system)).toStrictEqual([system.pid, parent.pid]);
    });

    test('SS14 that answers wrong options rejects with the mistake, and starts nothing', async () => {
      const system = createTestSystem();
      const parent = await idleProcess(system, { traps: true });
      const children = workers([], 'a', 'a');
      expect(
        await outcome(startBy(parent, () => ({ strategy: 'oneForOne', children }))),
      ).toStrictEqual({
        exit: crash(new TypeError('Expected children with different ids, got "a" twice')),
      });
    });
  });

  test.each<readonly [string, unknown]>([
    ['null', null],
    ['a number', 5],
  ])('SS14 refuses %s for options', async (_what, options) => {
    const started = Supervisor.startLink(createTestSystem(), options as never);
    await expect(started).rejects.toThrow(
      /^Expected the options of Supervisor\.startLink, \{ strategy, children, .* … \}, got /,
    );
    await expect(started).rejects.toBeInstanceOf(TypeError);
  });

  test('SS12 refuses two children with one id in a childSpec, when that is made', () => {
    const children = workers([], 'a', 'a');
    expect(() => Supervisor.childSpec({ id: 'sub', strategy: 'oneForOne', children })).toThrow(
      new TypeError('Expected children with different ids, got "a" twice'),
    );
  });

  test('SS09 gives the info of a start to the process that asked for it', async () => {
    const log: unknown[] = [];
    const withInfo = {
      ...child({ id: 'a', log }),
      start: async (parent: Process) => {
        const pid = (await GenServer.startLink(parent, worker, { id: 'a', log })) as Worker;
        return { pid, info: 'listening on 80' };
      },
    };
    const all = await startTree(log, [withInfo as never]);
    expect(log).toStrictEqual([hasStarted('a')]);
    await Supervisor.terminateChild(all.supervisor, 'a');
    const restarted = await Supervisor.restartChild(all.supervisor, 'a');
    expect(restarted).toStrictEqual({
      pid: workerOf(all.supervisor, 'a'),
      info: 'listening on 80',
    });
    await end(all, 'a');
    expect(isAlive(workerOf(all.supervisor, 'a'))).toBe(true);
    const second = await Supervisor.startChild(all.supervisor, { ...withInfo, id: 'b' });
    expect(second).toStrictEqual({ pid: workerOf(all.supervisor, 'b'), info: 'listening on 80' });
    const { info }: { readonly info: string } = second;
    expect(info).toBe('listening on 80');
  });

  test('SS15 refuses options that it does not know, and starts no child', async () => {
    const log: unknown[] = [];
    const options: object = { maxRestart: 1 };
    await expect(startTree(log, workers(log, 'a'), options)).rejects.toThrow(
      'Expected an option of Supervisor.startLink, got `maxRestart`: did you mean `maxRestarts`?',
    );
    expect(log).toStrictEqual([]);
  });
});

describe('a supervisor', () => {
  const unexpected: readonly (readonly [string, unknown, number])[] = [
    ['a text', 'junk', 1],
    ['a number', 42, 1],
    ['null', null, 1],
    ['undefined', undefined, 1],
    ['an object', {}, 1],
    ['a DOWN', { type: 'DOWN', ref: {}, pid: {}, reason: crashed }, 1],
    ['an EXIT of an unknown process', { type: 'EXIT', pid: {}, reason: crashed }, 0],
  ];
  test.each(unexpected)('SS17 ignores %s', async (_title, message) => {
    const log: unknown[] = [];
    const { system, supervisor } = await startTree(log, workers(log, 'a'));
    const before = await Supervisor.whichChildren(supervisor);
    send(supervisor as unknown as Pid<unknown>, message);
    await settle(system);
    expect(log).toStrictEqual([hasStarted('a')]);
    expect(await Supervisor.whichChildren(supervisor)).toStrictEqual(before);
  });

  test.each(unexpected)(
    'SS17 reports %s unless it is an EXIT',
    async (_title, message, reports) => {
      const log: unknown[] = [];
      const { system, supervisor } = await startTree(log, workers(log, 'a'));
      send(supervisor as unknown as Pid<unknown>, message);
      await settle(system);
      expect(system.reports).toHaveLength(reports);
    },
  );

  test('SS18 is not affected by the end of a process that linked itself to it', async () => {
    const log: unknown[] = [];
    const { system, supervisor } = await startTree(log, workers(log, 'a'));
    const other = await idleProcess(system);
    link(other, supervisor);
    exit(system, other.pid, crashed);
    await settle(system);
    expect(isAlive(other.pid)).toBe(false);
    expect(log).toStrictEqual([hasStarted('a')]);
    expect(isAlive(supervisor)).toBe(true);
  });

  test('SS19 answers no request while a child starts', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const parent = await idleProcess(system);
    const children = [child({ id: 'a', log, initTime: 100 })];
    void startSupervisor(parent, children, { name: 'S' });
    await settle(system);
    const supervisor = whereis(parent, 'S') as Supervisor.Pid;
    logOutcome(log, 'children', Supervisor.countChildren(supervisor));
    await advance(system, 99);
    expect(log).toStrictEqual([]);
    await advance(system, 1);
    expect(log).toStrictEqual([
      hasStarted('a'),
      ['children', { value: { specs: 1, active: 1, supervisors: 0, workers: 1 } }],
    ]);
  });

  test('SS20 survives a child that asks it in its init: the request fails at its timeout', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const parent = await idleProcess(system);
    const asking = GenServer.define({
      init: async (_: undefined, self) => {
        const supervisor = whereis(self, 'S') as Supervisor.Pid;
        const asked = GenServer.call(supervisor, 'countChildren', undefined, { timeout: 100 });
        log.push([await outcome(asked), self.system.clock.now()]);
        return ok(0);
      },
    });
    const children = [GenServer.childSpec(asking, undefined, { id: 'a', name: 'a' })];
    const started = startSupervisor(parent, children, { name: 'S' });
    await advance(system, 100);
    const cycle = { type: 'callCycle', processes: ['a', 'S', 'a'] };
    expect(log).toStrictEqual([[{ exit: cycle }, 100]]);
    expect(await Supervisor.countChildren(await started)).toMatchObject({ active: 1 });
  });

  test('SS10 gives up at the fourth restart within 5 s by default', async () => {
    const log: unknown[] = [];
    const all = await startTree(log, workers(log, 'a'));
    for (const wait of [0, 1000, 1000]) {
      await advance(all.system, wait);
      await end(all, 'a');
    }
    // The first restart is just young enough to count.
    await advance(all.system, 3000);
    expect(log).toStrictEqual([
      hasStarted('a'),
      ...[1, 2, 3].flatMap(() => [hasTerminated('a', crashed), hasStarted('a')]),
    ]);
    await end(all, 'a');
    expect(log.slice(7)).toStrictEqual([hasTerminated('a', crashed), ['supervisor', shutdown]]);
  });

  test('SS10 goes on when the fourth restart is later than 5 s after the first', async () => {
    const log: unknown[] = [];
    const all = await startTree(log, workers(log, 'a'));
    for (const wait of [0, 1000, 1000, 3001]) {
      await advance(all.system, wait);
      await end(all, 'a');
    }
    expect(log).toStrictEqual([
      hasStarted('a'),
      ...[1, 2, 3, 4].flatMap(() => [hasTerminated('a', crashed), hasStarted('a')]),
    ]);
  });
});

describe('the end of a child', () => {
  const reasons: readonly (readonly [ExitReason, boolean])[] = [
    [normal, false],
    [shutdown, false],
    [shutdownWith('detail'), false],
    [crashed, true],
    [crash(new Error('boom')), true],
    [noproc, true],
    [kill, true],
  ];
  const rows = {
    permanent: ['SR01', 'SR01'],
    transient: ['SR02, SR03', 'SR04'],
    temporary: ['SR05', 'SR05'],
  } as const;
  const table = (['permanent', 'transient', 'temporary'] as const).flatMap((restart) =>
    reasons.map(([reason, abnormal]) => ({
      row: rows[restart][abnormal ? 1 : 0],
      restart,
      reason,
      why: formatReason(reason),
      restarted: restart === 'permanent' || (restart === 'transient' && abnormal),
    })),
  );

  test.each(table.filter(({ restarted }) => restarted))(
    '$row, SR07, SR21 restarts a $restart child after $why, with the same job, and no other child',
    async ({ restart, reason }) => {
      const log: unknown[] = [];
      const all = await startTree(log, [
        ...workers(log, 'a'),
        child({ id: 'b', log }, { restart }),
        ...workers(log, 'c'),
      ]);
      const [a, b, c] = ['a', 'b', 'c'].map((id) => workerOf(all.supervisor, id));
      await end(all, 'b', reason);
      const ended = reason === kill ? [] : [hasTerminated('b', reason)];
      expect(log).toStrictEqual([
        hasStarted('a'),
        hasStarted('b'),
        hasStarted('c'),
        ...ended,
        hasStarted('b'),
      ]);
      const next = workerOf(all.supervisor, 'b');
      expect(next).not.toBe(b);
      expect(isAlive(next)).toBe(true);
      expect(await Supervisor.whichChildren(all.supervisor)).toStrictEqual([
        { id: 'c', pid: c, type: 'worker' },
        { id: 'b', pid: next, type: 'worker' },
        { id: 'a', pid: a, type: 'worker' },
      ]);
    },
  );

  test.each(table.filter(({ restarted }) => !restarted))(
    '$row does not restart a $restart child after $why',
    async ({ restart, reason }) => {
      const log: unknown[] = [];
      const all = await startTree(log, [
        ...workers(log, 'a'),
        child({ id: 'b', log }, { restart }),
        ...workers(log, 'c'),
      ]);
      const [a, c] = [workerOf(all.supervisor, 'a'), workerOf(all.supervisor, 'c')];
      await end(all, 'b', reason);
      const ended = reason === kill ? [] : [hasTerminated('b', reason)];
      expect(log).toStrictEqual([hasStarted('a'), hasStarted('b'), hasStarted('c'), ...ended]);
      const kept = { id: 'b', pid: undefined, type: 'worker' };
      expect(await Supervisor.whichChildren(all.supervisor)).toStrictEqual([
        { id: 'c', pid: c, type: 'worker' },
        ...(restart === 'transient' ? [kept] : []),
        { id: 'a', pid: a, type: 'worker' },
      ]);
      expect(() => Supervisor.child(all.supervisor, 'b')).toThrow(ExitError);
    },
  );

  test('SR01 restarts a child that ends right after its start', async () => {
    const log: unknown[] = [];
    let starts = 0;
    const brief = GenServer.define({
      init: () => {
        starts += 1;
        log.push(['started', starts]);
        return ok(starts, { continue: 'on' });
      },
      handleContinue: (_: string, state) => (state < 3 ? stop(normal, state) : noreply(state)),
    });
    const { system, supervisor } = await startTree(log, [
      GenServer.childSpec(brief, undefined, { id: 'a' }),
    ]);
    await settle(system);
    expect(log).toStrictEqual([
      ['started', 1],
      ['started', 2],
      ['started', 3],
    ]);
    expect(await Supervisor.countChildren(supervisor)).toMatchObject({ active: 1 });
  });

  test('SP14 is not noticed when it was started without a link', async () => {
    const log: unknown[] = [];
    const job = { id: 'a', log };
    const all = await startTree(log, [
      childSpec((parent) => GenServer.start(parent, worker, job), { id: 'a' }),
    ]);
    const pid = workerOf(all.supervisor, 'a');
    await end(all, 'a');
    expect(isAlive(pid)).toBe(false);
    expect(log).toStrictEqual([hasStarted('a'), hasTerminated('a', crashed)]);
    expect(await Supervisor.whichChildren(all.supervisor)).toStrictEqual([
      { id: 'a', pid, type: 'worker' },
    ]);
  });

  test('SP14 will not be noticed: a warning says so at the start', async () => {
    const system = createTestSystem();
    await Supervisor.startLink(system, {
      strategy: 'oneForOne',
      children: [childSpec((self) => Agent.start(self, () => 1), { id: 'a' })],
    });
    expect(system.reports.map(({ message }) => message)).toStrictEqual([
      expect.stringMatching(/: child "a" is not linked to it, and will not be restarted$/),
    ]);
  });
});

describe('a restart that fails', () => {
  test('SR15 is tried again, after the requests that wait', async () => {
    const log: unknown[] = [];
    const all = await startTree(log, [child({ id: 'a', log, plan: ['run', refusal, refusal] })], {
      maxRestarts: 4,
    });
    exit(all.system, workerOf(all.supervisor, 'a'), kill);
    const asked = Promise.all([
      Supervisor.whichChildren(all.supervisor),
      Supervisor.countChildren(all.supervisor),
    ]).then((answers) => log.push(answers));
    await settle(all.system);
    await asked;
    expect(log).toHaveLength(5);
    expect(log).toContainEqual([
      [{ id: 'a', pid: 'restarting', type: 'worker' }],
      { specs: 1, active: 0, supervisors: 0, workers: 1 },
    ]);
    const pid = workerOf(all.supervisor, 'a');
    expect(await Supervisor.whichChildren(all.supervisor)).toStrictEqual([
      { id: 'a', pid, type: 'worker' },
    ]);
  });

  const error = new Error('no');
  test.each<readonly [string, () => Promise<never>]>([
    ['rejects with an ExitError', () => Promise.reject(new ExitError(refusal))],
    ['rejects with an error', () => Promise.reject(error)],
    [
      'throws',
      () => {
        throw error;
      },
    ],
  ])('SR15 is tried again when the start %s', async (_how, fail) => {
    const log: unknown[] = [];
    const job = { id: 'a', log };
    let starts = 0;
    const all = await startTree(log, [
      childSpec(
        (parent) => {
          starts += 1;
          return starts === 2 ? fail() : GenServer.startLink(parent, worker, job);
        },
        { id: 'a' },
      ),
    ]);
    await end(all, 'a');
    expect(log).toStrictEqual([hasStarted('a'), hasTerminated('a', crashed), hasStarted('a')]);
    expect(starts).toBe(3);
  });

  test('SR17 twice and then works makes four starts in all and does not affect the sibling', async () => {
    const log: unknown[] = [];
    const all = await startTree(
      log,
      [child({ id: 'a', log, plan: ['run', refusal, refusal] }), ...workers(log, 'b')],
      { maxRestarts: 4 },
    );
    const b = workerOf(all.supervisor, 'b');
    await end(all, 'a');
    expect(log).toStrictEqual([
      hasStarted('a'),
      hasStarted('b'),
      hasTerminated('a', crashed),
      ['failed', 'a'],
      ['failed', 'a'],
      hasStarted('a'),
    ]);
    expect(isAlive(workerOf(all.supervisor, 'a'))).toBe(true);
    expect(workerOf(all.supervisor, 'b')).toBe(b);
  });

  test('SR16 with ignore keeps the child without a process', async () => {
    const log: unknown[] = [];
    const all = await startTree(log, [child({ id: 'a', log, plan: ['run', 'ignore'] })]);
    await end(all, 'a');
    expect(log).toStrictEqual([hasStarted('a'), hasTerminated('a', crashed), ['failed', 'a']]);
    expect(await Supervisor.whichChildren(all.supervisor)).toStrictEqual([
      { id: 'a', pid: undefined, type: 'worker' },
    ]);
  });
});

describe('restart intensity', () => {
  test('SI01, SI02 is exceeded by the third crash when it is 2 in 5 s', async () => {
    const log: unknown[] = [];
    const all = await startTree(log, workers(log, 'a', 'b', 'c'), {
      maxRestarts: 2,
      maxSeconds: 5,
    });
    await end(all, 'b');
    await advance(all.system, 2000);
    await end(all, 'b');
    await advance(all.system, 2000);
    const restarted = [
      hasStarted('a'),
      hasStarted('b'),
      hasStarted('c'),
      hasTerminated('b', crashed),
      hasStarted('b'),
      hasTerminated('b', crashed),
      hasStarted('b'),
    ];
    expect(log).toStrictEqual(restarted);
    await end(all, 'b');
    expect(log).toStrictEqual([
      ...restarted,
      hasTerminated('b', crashed),
      hasTerminated('c', shutdown),
      hasTerminated('a', shutdown),
      ['supervisor', shutdown],
    ]);
    expect(await drain(all.parent)).toStrictEqual([
      { type: 'EXIT', pid: all.supervisor, reason: shutdown },
    ]);
  });

  test('SI02 that is exceeded is reported, and why', async () => {
    const log: unknown[] = [];
    const all = await startTree(log, workers(log, 'a'), { maxRestarts: 0, name: 'S' });
    await end(all, 'a');
    expect(all.system.reports.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/^supervisor S gave up: child "a" \(#Pid<\d+>\) failed once: "boom"$/),
    );
  });

  test('SI03 of 0 is exceeded by the first crash', async () => {
    const log: unknown[] = [];
    const all = await startTree(log, workers(log, 'a', 'b'), { maxRestarts: 0 });
    await end(all, 'a');
    expect(log).toStrictEqual([
      hasStarted('a'),
      hasStarted('b'),
      hasTerminated('a', crashed),
      hasTerminated('b', shutdown),
      ['supervisor', shutdown],
    ]);
  });

  test('SI04 counts the restarts of all children together', async () => {
    const log: unknown[] = [];
    const all = await startTree(log, workers(log, 'a', 'b'), { maxRestarts: 1 });
    await end(all, 'a');
    await end(all, 'b');
    expect(log).toStrictEqual([
      hasStarted('a'),
      hasStarted('b'),
      hasTerminated('a', crashed),
      hasStarted('a'),
      hasTerminated('b', crashed),
      hasTerminated('a', shutdown),
      ['supervisor', shutdown],
    ]);
  });

  test('SI05 is never exceeded by crashes with more than the period between them', async () => {
    const log: unknown[] = [];
    const all = await startTree(log, workers(log, 'a'), { maxRestarts: 1, maxSeconds: 1 });
    for (let deaths = 0; deaths < 5; deaths++) {
      await end(all, 'a');
      await advance(all.system, 1001);
    }
    expect(log).toHaveLength(11);
    expect(isAlive(all.supervisor)).toBe(true);
  });

  test('SI05 is exceeded by crashes with exactly the period between them', async () => {
    const log: unknown[] = [];
    const all = await startTree(log, workers(log, 'a'), { maxRestarts: 1, maxSeconds: 1 });
    await end(all, 'a');
    await advance(all.system, 1000);
    await end(all, 'a');
    expect(log).toStrictEqual([
      hasStarted('a'),
      hasTerminated('a', crashed),
      hasStarted('a'),
      hasTerminated('a', crashed),
      ['supervisor', shutdown],
    ]);
  });

  test.each<readonly [string, Restart, ExitReason]>([
    ['a normal end of a transient child', 'transient', normal],
    ['a shutdown of a transient child', 'transient', shutdown],
    ['a crash of a temporary child', 'temporary', crashed],
  ])('SI07 does not count %s', async (_what, restart, reason) => {
    const log: unknown[] = [];
    const all = await startTree(log, [child({ id: 'a', log }, { restart }), ...workers(log, 'b')], {
      maxRestarts: 1,
    });
    await end(all, 'a', reason);
    await end(all, 'b');
    expect(log).toStrictEqual([
      hasStarted('a'),
      hasStarted('b'),
      hasTerminated('a', reason),
      hasTerminated('b', crashed),
      hasStarted('b'),
    ]);
  });

  test('SI09 counts two children that die at the same instant as two', async () => {
    const log: unknown[] = [];
    const { system, supervisor } = await startTree(log, workers(log, 'a', 'b'), { maxRestarts: 1 });
    exit(system, workerOf(supervisor, 'a'), kill);
    exit(system, workerOf(supervisor, 'b'), kill);
    await settle(system);
    expect(log).toStrictEqual([
      hasStarted('a'),
      hasStarted('b'),
      hasStarted('a'),
      hasTerminated('a', shutdown),
      ['supervisor', shutdown],
    ]);
  });

  test('SI10 counts each retry of a restart that failed', async () => {
    const log: unknown[] = [];
    const all = await startTree(
      log,
      [child({ id: 'a', log, plan: ['run', refusal, refusal, 'run'] }), ...workers(log, 'b')],
      { maxRestarts: 2 },
    );
    await end(all, 'a');
    expect(log).toStrictEqual([
      hasStarted('a'),
      hasStarted('b'),
      hasTerminated('a', crashed),
      ['failed', 'a'],
      ['failed', 'a'],
      hasTerminated('b', shutdown),
      ['supervisor', shutdown],
    ]);
  });

  test('SI11 stops the retries of a child that never starts again', async () => {
    const log: unknown[] = [];
    const plan: ('run' | ExitReason)[] = ['run', ...Array.from({ length: 100 }, () => refusal)];
    const all = await startTree(log, [...workers(log, 'a'), child({ id: 'b', log, plan })], {
      maxRestarts: 4,
    });
    await end(all, 'b');
    expect(log).toStrictEqual([
      hasStarted('a'),
      hasStarted('b'),
      hasTerminated('b', crashed),
      ...[1, 2, 3, 4].map(() => ['failed', 'b']),
      hasTerminated('a', shutdown),
      ['supervisor', shutdown],
    ]);
  });

  test('SI12 that is exceeded frees the name before any process gets EXIT or DOWN', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    spawn<ExitMessage>(system, async (self) => {
      trapExit(self, true);
      await startSupervisor(self, workers(log, 'a'), { maxRestarts: 0, name: 'S' });
      const { reason } = await self.receive();
      log.push([reason, whereis(self, 'S')]);
    });
    await settle(system);
    const supervisor = whereis(system, 'S') as Supervisor.Pid;
    GenServer.cast(workerOf(supervisor, 'a'), 'end', crashed);
    await settle(system);
    expect(log).toStrictEqual([
      hasStarted('a'),
      hasTerminated('a', crashed),
      [shutdown, undefined],
    ]);
  });

  test.each<readonly [Restart, boolean]>([
    ['permanent', true],
    ['transient', false],
  ])(
    'SR20 that is exceeded below: a %s supervisor is restarted: %p',
    async (restart, restarted) => {
      const log: unknown[] = [];
      const subtree = childSpec(
        (parent) => startSupervisor(parent, workers(log, 'a'), { maxRestarts: 0 }),
        {
          id: 'sub',
          type: 'supervisor',
          restart,
        },
      );
      const { system, supervisor } = await startTree(log, [subtree]);
      const lower = Supervisor.child(supervisor, 'sub') as unknown as Supervisor.Pid;
      GenServer.cast(workerOf(lower, 'a'), 'end', crashed);
      await settle(system);
      expect(log).toStrictEqual([
        hasStarted('a'),
        hasTerminated('a', crashed),
        ...(restarted ? [hasStarted('a')] : []),
      ]);
      expect(isAlive(lower)).toBe(false);
      expect(await Supervisor.countChildren(supervisor)).toStrictEqual({
        specs: 1,
        active: restarted ? 1 : 0,
        supervisors: 1,
        workers: 0,
      });
    },
  );
});

describe('the shutdown', () => {
  const ended = (reason: ExitReason): unknown[] => [
    hasTerminated('c', shutdown),
    hasTerminated('b', shutdown),
    hasTerminated('a', shutdown),
    ['supervisor', reason],
  ];

  test.each<readonly [string, string, (family: Tree) => void, ExitReason]>([
    [
      'SP01',
      'an exit signal shutdown of the parent',
      ({ parent, supervisor }) => exit(parent, supervisor, shutdown),
      shutdown,
    ],
    ['SP02', 'Supervisor.stop', ({ supervisor }) => void Supervisor.stop(supervisor), normal],
    [
      'SP03',
      'the end of the parent',
      ({ parent }) => {
        trapExit(parent, false);
        exit(parent, parent.pid, crash('weird'));
      },
      crash('weird'),
    ],
    [
      'SP04',
      'an exit signal normal of the parent',
      ({ parent, supervisor }) => exit(parent, supervisor, normal),
      normal,
    ],
  ])('%s by %s is in reverse order, then the supervisor ends', async (_row, _how, act, reason) => {
    const log: unknown[] = [];
    const all = await startTree(log, workers(log, 'a', 'b', 'c'));
    log.length = 0;
    act(all);
    await settle(all.system);
    expect(log).toStrictEqual(ended(reason));
  });

  test('SP01 by the end of the system is in reverse order too', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    await startSupervisor(system, workers(log, 'a', 'b', 'c'));
    await system.stop();
    expect(log).toStrictEqual([
      hasStarted('a'),
      hasStarted('b'),
      hasStarted('c'),
      hasTerminated('c', shutdown),
      hasTerminated('b', shutdown),
      hasTerminated('a', shutdown),
    ]);
  });

  test('SP02 by Supervisor.stop resolves once the supervisor and its children are dead', async () => {
    const log: unknown[] = [];
    const { supervisor } = await startTree(log, workers(log, 'a'));
    const pid = workerOf(supervisor, 'a');
    expect(await outcome(Supervisor.stop(supervisor))).toStrictEqual({ value: undefined });
    expect([isAlive(supervisor), isAlive(pid)]).toStrictEqual([false, false]);
  });

  test('SP05 is not begun by an exit signal of another process than the parent', async () => {
    const log: unknown[] = [];
    const { system, supervisor } = await startTree(log, workers(log, 'a'));
    exit(await idleProcess(system), supervisor, shutdown);
    await settle(system);
    expect(log).toStrictEqual([hasStarted('a')]);
    expect(isAlive(supervisor)).toBe(true);
  });

  test('SP05 is not begun by an exit signal of a child, nor does that signal end the child', async () => {
    const log: unknown[] = [];
    const { system, supervisor } = await startTree(log, workers(log, 'a'));
    const a = workerOf(supervisor, 'a');
    exit(cellOf(a), supervisor, crashed);
    await settle(system);
    expect(log).toStrictEqual([hasStarted('a')]);
    expect(workerOf(supervisor, 'a')).toBe(a);
  });

  test('SP05 an exit signal of a child that ends before it is handled does not stand for the end', async () => {
    const log: unknown[] = [];
    const { system, supervisor } = await startTree(log, [
      child({ id: 'a', log }, { restart: 'transient' }),
    ]);
    const a = workerOf(supervisor, 'a');
    exit(cellOf(a), supervisor, crashed);
    cellOf(a).end(normal);
    await settle(system);
    expect(log).toStrictEqual([hasStarted('a')]);
    expect(await Supervisor.whichChild(supervisor, 'a')).toMatchObject({ pid: undefined });
  });

  test('SP06 that a kill interrupts no longer shuts the other children down', async () => {
    const log: unknown[] = [];
    const { system, parent, supervisor } = await startTree(log, [
      child({ id: 'a', log, terminateTime: 200 }, { shutdown: 10 }),
      child({ id: 'b', log, terminateTime: 100 }, { shutdown: 1000 }),
    ]);
    await logEnd(system, log, 'a', workerOf(supervisor, 'a'));
    exit(parent, supervisor, shutdown);
    await advance(system, 50);
    exit(system, supervisor, kill);
    await advance(system, 1000);
    const ends = [
      ['supervisor', killed],
      hasTerminated('b', shutdown),
      hasTerminated('a', killed),
      ['a', killed],
    ];
    expect(log).toStrictEqual([hasStarted('a'), hasStarted('b'), ...ends]);
  });

  test('SP06 by a kill of the supervisor ends the children: killed, or with terminate if they trap exits', async () => {
    const log: unknown[] = [];
    const subtree = childSpec((parent) => startSupervisor(parent, workers(log, 'z')), {
      id: 'sub',
      type: 'supervisor',
    });
    const { system, supervisor } = await startTree(log, [
      child({ id: 'plain', log, traps: false }),
      child({ id: 'trapping', log }),
      subtree,
    ]);
    const children = (await Supervisor.whichChildren(supervisor)).map(({ pid }) => pid as Pid);
    await logEnd(system, log, 'plain', workerOf(supervisor, 'plain'));
    await logEnd(system, log, 'trapping', workerOf(supervisor, 'trapping'));
    await logEnd(system, log, 'sub', Supervisor.child(supervisor, 'sub'));
    log.length = 0;
    exit(system, supervisor, kill);
    await settle(system);
    expect(children.map(isAlive)).toStrictEqual([false, false, false]);
    expect(log).toHaveLength(6);
    expect(log).toStrictEqual(
      expect.arrayContaining([
        ['supervisor', killed],
        ['plain', killed],
        hasTerminated('trapping', killed),
        ['trapping', killed],
        hasTerminated('z', shutdown),
        ['sub', killed],
      ]),
    );
  });

  test('SP07 waits for a child only as long as it needs', async () => {
    const log: unknown[] = [];
    const { system, parent, supervisor } = await startTree(log, [
      child({ id: 'a', log, terminateTime: 60 }, { shutdown: 100 }),
    ]);
    exit(parent, supervisor, shutdown);
    await advance(system, 59);
    expect(log).toStrictEqual([hasStarted('a')]);
    await advance(system, 1);
    expect(log).toStrictEqual([
      hasStarted('a'),
      hasTerminated('a', shutdown),
      ['supervisor', shutdown],
    ]);
  });

  test('SP08 kills a child that exceeds its shutdown time', async () => {
    const log: unknown[] = [];
    const { system, parent, supervisor } = await startTree(log, [
      child({ id: 'a', log, terminateTime: 101 }, { shutdown: 100 }),
    ]);
    await logEnd(system, log, 'a', workerOf(supervisor, 'a'));
    exit(parent, supervisor, shutdown);
    await advance(system, 99);
    expect(log).toStrictEqual([hasStarted('a')]);
    await advance(system, 1);
    expect(log).toHaveLength(3);
    expect(log).toContainEqual(['a', killed]);
    expect(log).toContainEqual(['supervisor', shutdown]);
  });

  test('SP09 kills a brutalKill child at once', async () => {
    const log: unknown[] = [];
    const { system, parent, supervisor } = await startTree(log, [
      child({ id: 'a', log }, { shutdown: 'brutalKill' }),
    ]);
    await logEnd(system, log, 'a', workerOf(supervisor, 'a'));
    exit(parent, supervisor, shutdown);
    await settle(system);
    expect(log).toHaveLength(3);
    expect(log).toContainEqual(['a', killed]);
    expect(log).toContainEqual(['supervisor', shutdown]);
    expect(system.reports).toStrictEqual([]);
  });

  test('SP10 waits without limit for a child whose shutdown is Infinity', async () => {
    const log: unknown[] = [];
    const { system, parent, supervisor } = await startTree(log, [
      child({ id: 'a', log, terminateTime: 2 ** 40 }, { shutdown: Infinity }),
    ]);
    exit(parent, supervisor, shutdown);
    await advance(system, 2 ** 40 - 1);
    expect(log).toStrictEqual([hasStarted('a')]);
    await advance(system, 1);
    expect(log).toStrictEqual([
      hasStarted('a'),
      hasTerminated('a', shutdown),
      ['supervisor', shutdown],
    ]);
  });

  test('SP11 is one child after the other: their times add up', async () => {
    const log: unknown[] = [];
    const { system, parent, supervisor } = await startTree(log, [
      child({ id: 'a', log, terminateTime: 60 }),
      child({ id: 'b', log, terminateTime: 60 }),
    ]);
    log.length = 0;
    exit(parent, supervisor, shutdown);
    await advance(system, 60);
    expect(log).toStrictEqual([hasTerminated('b', shutdown)]);
    await advance(system, 59);
    expect(log).toStrictEqual([hasTerminated('b', shutdown)]);
    await advance(system, 1);
    expect(log).toStrictEqual([
      hasTerminated('b', shutdown),
      hasTerminated('a', shutdown),
      ['supervisor', shutdown],
    ]);
  });

  test('SP12 ends a child that does not trap exits at once, without terminate', async () => {
    const log: unknown[] = [];
    const { system, parent, supervisor } = await startTree(log, [
      child({ id: 'a', log, traps: false, terminateTime: 60 }),
    ]);
    await logEnd(system, log, 'a', workerOf(supervisor, 'a'));
    exit(parent, supervisor, shutdown);
    await settle(system);
    expect(log).toHaveLength(3);
    expect(log).toContainEqual(['a', shutdown]);
    expect(log).toContainEqual(['supervisor', shutdown]);
  });

  test('SP13 ends a child that is no longer linked, without waiting for ever', async () => {
    const log: unknown[] = [];
    const job = { id: 'a', log, traps: false };
    const { system, parent, supervisor } = await startTree(log, [
      childSpec(
        async (self) => {
          const pid = (await GenServer.startLink(self, worker, job)) as Worker;
          unlink(self, pid);
          return pid;
        },
        { id: 'a' },
      ),
    ]);
    const pid = workerOf(supervisor, 'a');
    exit(parent, supervisor, shutdown);
    await settle(system);
    expect(isAlive(pid)).toBe(false);
    expect(log).toStrictEqual([hasStarted('a'), ['supervisor', shutdown]]);
  });

  test('SP15 restarts no child that ends by itself meanwhile, and reports it', async () => {
    const log: unknown[] = [];
    const all = await startTree(
      log,
      [...workers(log, 'a', 'b'), child({ id: 'c', log, terminateTime: 60 })],
      { name: 'S' },
    );
    log.length = 0;
    exit(all.parent, all.supervisor, shutdown);
    await advance(all.system, 30);
    await end(all, 'a', crash('other'));
    await end(all, 'b', normal);
    await advance(all.system, 30);
    expect(log).toStrictEqual([
      hasTerminated('a', crash('other')),
      hasTerminated('b', normal),
      hasTerminated('c', shutdown),
      ['supervisor', shutdown],
    ]);
    expect(
      all.system.reports.map(({ message }) => message).filter((text) => text.startsWith('sup')),
    ).toStrictEqual([
      expect.stringMatching(/^supervisor S: child "a" \(#Pid<\d+>\) shut down: "other"$/),
    ]);
  });

  test('SP17 goes down a tree: first a child, then the children of its sibling', async () => {
    const log: unknown[] = [];
    const subtree = childSpec((parent) => startSupervisor(parent, workers(log, 'a', 'b')), {
      id: 'sub',
      type: 'supervisor',
    });
    const { system, parent, supervisor } = await startTree(log, [subtree, ...workers(log, 'z')]);
    expect(log).toStrictEqual([hasStarted('a'), hasStarted('b'), hasStarted('z')]);
    log.length = 0;
    exit(parent, supervisor, shutdown);
    await settle(system);
    expect(log).toStrictEqual([
      hasTerminated('z', shutdown),
      hasTerminated('b', shutdown),
      hasTerminated('a', shutdown),
      ['supervisor', shutdown],
    ]);
  });

  test('SP01 while a restart is tried again and again ends the trial', async () => {
    const log: unknown[] = [];
    const plan: ('run' | ExitReason)[] = ['run', refusal];
    const all = await startTree(log, [...workers(log, 'a'), child({ id: 'b', log, plan })]);
    exit(all.system, workerOf(all.supervisor, 'b'), kill);
    exit(all.parent, all.supervisor, shutdown);
    await settle(all.system);
    expect(log).toStrictEqual([
      hasStarted('a'),
      hasStarted('b'),
      ['failed', 'b'],
      hasTerminated('a', shutdown),
      ['supervisor', shutdown],
    ]);
  });
});
