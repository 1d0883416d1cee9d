import { describe, expect, test } from '@jest/globals';
import {
  Agent,
  childSpec,
  crash,
  exit,
  ExitError,
  GenServer,
  isAlive,
  kill,
  name,
  normal,
  ok,
  type Pid,
  type Process,
  type Restart,
  shutdown,
  Supervisor,
  trapExit,
} from '@reprise/actor';
import { advance, createTestSystem, settle } from '@reprise/actor/testing';

import { collectGarbage } from '../support/garbage.ts';
import { logOutcome, outcome } from '../support/outcome.ts';
import { drain, idleProcess } from '../support/processes.ts';
import {
  crashed,
  child,
  end,
  hasFailed,
  type Tree,
  startTree,
  refusal,
  workerOf,
  hasStarted,
  states,
  subSupervisor,
  hasTerminated,
  worker,
  workers,
} from '../support/tree.ts';

const failed = (id: string, reason: unknown): unknown => ({
  exit: { type: 'failedToStartChild', id, reason },
});
const done = (value: unknown): unknown => ({ value });
const refused = (type: string): unknown => ({ exit: { type } });

describe('startChild', () => {
  test('SA01 of an id that runs is refused with its pid', async () => {
    const log: unknown[] = [];
    const { supervisor } = await startTree(log, workers(log, 'a'));
    const pid = workerOf(supervisor, 'a');
    expect(await outcome(Supervisor.startChild(supervisor, child({ id: 'a', log })))).toStrictEqual(
      {
        exit: { type: 'alreadyStarted', pid },
      },
    );
    expect(log).toStrictEqual([hasStarted('a')]);
    expect(workerOf(supervisor, 'a')).toBe(pid);
  });

  test('SA02 of an id that was terminated is refused', async () => {
    const log: unknown[] = [];
    const { supervisor } = await startTree(log, workers(log, 'a'));
    await Supervisor.terminateChild(supervisor, 'a');
    expect(await outcome(Supervisor.startChild(supervisor, child({ id: 'a', log })))).toStrictEqual(
      refused('alreadyPresent'),
    );
    expect(log).toStrictEqual([hasStarted('a'), hasTerminated('a', shutdown)]);
    expect(await states(supervisor)).toStrictEqual([['a', 'undefined']]);
  });

  test('SA03, SI08 that fails rejects with the reason, forgets the child and counts as no restart', async () => {
    const log: unknown[] = [];
    const all = await startTree(log, workers(log, 'a'), { maxRestarts: 1 });
    for (let times = 0; times < 3; times++) {
      const spec = child({ id: 'b', log, plan: [refusal] });
      expect(await outcome(Supervisor.startChild(all.supervisor, spec))).toStrictEqual(
        failed('b', refusal),
      );
    }
    expect(await states(all.supervisor)).toStrictEqual([['a', 'runs']]);
    await end(all, 'a');
    expect(log).toStrictEqual([
      hasStarted('a'),
      hasFailed('b'),
      hasFailed('b'),
      hasFailed('b'),
      hasTerminated('a', crashed),
      hasStarted('a'),
    ]);
  });

  const failure = new Error('failure');
  test.each<readonly [string, string, () => Promise<undefined>, unknown]>([
    [
      'SA04',
      'throws',
      () => {
        throw failure;
      },
      crash(failure),
    ],
    ['SA04', 'rejects', () => Promise.reject(failure), crash(failure)],
    [
      'SA05',
      'answers a value that is no pid',
      () => Promise.resolve(42 as never),
      { type: 'badReturnValue', value: 42 },
    ],
  ])(
    '%s whose start %s rejects with its reason, and the child is forgotten',
    async (_row, _how, begin, reason) => {
      const log: unknown[] = [];
      const { supervisor } = await startTree(log, []);
      const spec = childSpec(begin, { id: 'a' });
      expect(await outcome(Supervisor.startChild(supervisor, spec))).toStrictEqual(
        failed('a', reason),
      );
      expect(await states(supervisor)).toStrictEqual([]);
      expect(isAlive(supervisor)).toBe(true);
    },
  );

  test('SA06 of a server whose name another process has rejects with its pid, and keeps no child', async () => {
    const log: unknown[] = [];
    const { system, supervisor } = await startTree(log, []);
    const outside = await GenServer.start(system, worker, { id: 'outside', log }, { name: 'N' });
    const spec = GenServer.childSpec(worker, { id: 'a', log }, { id: 'a', name: 'N' });
    expect(await outcome(Supervisor.startChild(supervisor, spec))).toStrictEqual(
      failed('a', { type: 'alreadyStarted', pid: outside }),
    );
    expect(await states(supervisor)).toStrictEqual([]);
    await Supervisor.stop(supervisor);
    expect(isAlive(outside as Pid)).toBe(true);
  });

  test('SA07 resolves once the child is up, with its pid', async () => {
    const log: unknown[] = [];
    const { system, supervisor } = await startTree(log, []);
    const started = Supervisor.startChild(supervisor, child({ id: 'a', log, initTime: 10 }));
    void started.then((pid) => log.push(['started', pid === workerOf(supervisor, 'a')]));
    await advance(system, 9);
    expect(log).toStrictEqual([]);
    await advance(system, 1);
    expect(log).toStrictEqual([hasStarted('a'), ['started', true]]);
  });

  test('SS07 of a child that answers ignore resolves with undefined, and keeps the child', async () => {
    const log: unknown[] = [];
    const { supervisor } = await startTree(log, []);
    const spec = child({ id: 'a', log, plan: ['ignore'] });
    expect(await outcome(Supervisor.startChild(supervisor, spec))).toStrictEqual(done(undefined));
    expect(await states(supervisor)).toStrictEqual([['a', 'undefined']]);
  });

  test('SS08 of a temporary child that answers ignore resolves with undefined, and forgets it', async () => {
    const log: unknown[] = [];
    const { supervisor } = await startTree(log, []);
    const spec = child({ id: 'a', log, plan: ['ignore'] }, { restart: 'temporary' });
    expect(await outcome(Supervisor.startChild(supervisor, spec))).toStrictEqual(done(undefined));
    expect(await states(supervisor)).toStrictEqual([]);
  });

  const one = child({ id: 'a', log: [] });
  test.each<readonly [string, string, object, Error]>([
    [
      'SP16',
      'a shutdown of -1',
      { shutdown: -1 },
      new RangeError(
        `Expected shutdown of child "a" to be milliseconds from 0 on, Infinity or 'brutalKill', got -1`,
      ),
    ],
    [
      'SP16',
      'a shutdown that is no number',
      { shutdown: 'soon' },
      new RangeError(
        `Expected shutdown of child "a" to be milliseconds from 0 on, Infinity or 'brutalKill', got "soon"`,
      ),
    ],
    [
      'SS16',
      'an unknown type',
      { type: 'boss' },
      new TypeError('Expected type of child "a" to be "worker" or "supervisor", got "boss"'),
    ],
    [
      'AS11',
      'a significant that is no boolean',
      { significant: 'yes' },
      new TypeError('Expected significant of child "a" to be true or false, got "yes"'),
    ],
  ])('%s refuses %s', async (_row, _what, change, error) => {
    const log: unknown[] = [];
    const { supervisor } = await startTree(log, []);
    const started = Supervisor.startChild(supervisor, { ...one, ...change });
    const caught = await started.catch((thrown: unknown) => thrown);
    expect(caught).toStrictEqual(error);
    expect(caught).toBeInstanceOf(error.constructor);
    expect(await states(supervisor)).toStrictEqual([]);
  });

  test('SR06 holds no argument of the start of a temporary child', async () => {
    const { supervisor } = await startTree([], []);
    const held = await (async () => {
      const load = { id: 'a', log: [] };
      const idle = (parent: Process): Promise<Pid> => {
        load.log.length = 0;
        return Agent.startLink(parent, () => 0);
      };
      await Supervisor.startChild(supervisor, childSpec(idle, { id: 'a', restart: 'temporary' }));
      return new WeakRef(load);
    })();
    await collectGarbage();
    expect(held.deref()).toBeUndefined();
    expect(await states(supervisor)).toStrictEqual([['a', 'runs']]);
  });
});

describe('terminateChild', () => {
  test('SA07 resolves once the child is dead, and keeps its spec', async () => {
    const log: unknown[] = [];
    const { system, supervisor } = await startTree(log, [
      ...workers(log, 'a'),
      child({ id: 'b', log, terminateTime: 10 }),
    ]);
    const [a, b] = [workerOf(supervisor, 'a'), workerOf(supervisor, 'b')];
    void Supervisor.terminateChild(supervisor, 'b').then((answer) =>
      log.push([answer, isAlive(b)]),
    );
    await advance(system, 9);
    expect(log).toStrictEqual([hasStarted('a'), hasStarted('b')]);
    await advance(system, 1);
    expect(log).toStrictEqual([
      hasStarted('a'),
      hasStarted('b'),
      hasTerminated('b', shutdown),
      ['ok', false],
    ]);
    expect(await states(supervisor)).toStrictEqual([
      ['a', 'runs'],
      ['b', 'undefined'],
    ]);
    expect(workerOf(supervisor, 'a')).toBe(a);
  });

  test('SA08 of a child that does not run answers ok', async () => {
    const log: unknown[] = [];
    const { supervisor } = await startTree(log, workers(log, 'a'));
    await Supervisor.terminateChild(supervisor, 'a');
    expect(await Supervisor.terminateChild(supervisor, 'a')).toBe('ok');
    expect(log).toStrictEqual([hasStarted('a'), hasTerminated('a', shutdown)]);
    expect(await states(supervisor)).toStrictEqual([['a', 'undefined']]);
  });

  test('SA09 of a temporary child forgets it', async () => {
    const log: unknown[] = [];
    const { supervisor } = await startTree(log, [
      child({ id: 'a', log }, { restart: 'temporary' }),
    ]);
    expect(await Supervisor.terminateChild(supervisor, 'a')).toBe('ok');
    expect(await states(supervisor)).toStrictEqual([]);
    expect(await Supervisor.terminateChild(supervisor, 'a')).toBe('notFound');
    expect(log).toStrictEqual([hasStarted('a'), hasTerminated('a', shutdown)]);
  });

  test('SA10 of a child that crashes in terminate answers ok', async () => {
    const log: unknown[] = [];
    const weird = GenServer.define({
      init: (_: undefined, self) => {
        trapExit(self, true);
        return ok(0);
      },
      terminate: () => {
        throw new Error('weird');
      },
    });
    const { system, supervisor } = await startTree(log, [
      GenServer.childSpec(weird, undefined, { id: 'a' }),
    ]);
    expect(await Supervisor.terminateChild(supervisor, 'a')).toBe('ok');
    expect(await states(supervisor)).toStrictEqual([['a', 'undefined']]);
    expect(system.reports.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/^supervisor \S+: child "a" \(\S+\) shut down: Error: weird$/),
    );
  });

  test('SA25 takes an id: a pid is not found', async () => {
    const log: unknown[] = [];
    const { supervisor } = await startTree(log, workers(log, 'a'));
    const pid = workerOf(supervisor, 'a');
    expect(await Supervisor.terminateChild(supervisor, pid as never)).toBe('notFound');
    expect(isAlive(pid)).toBe(true);
  });
});

test('SA11 an id that the supervisor does not have is not found', async () => {
  const log: unknown[] = [];
  const { supervisor } = await startTree(log, workers(log, 'a'));
  expect(await Supervisor.terminateChild(supervisor, 'b')).toBe('notFound');
  expect(await Supervisor.deleteChild(supervisor, 'b')).toBe('notFound');
  expect(await outcome(Supervisor.restartChild(supervisor, 'b'))).toStrictEqual(
    refused('notFound'),
  );
  expect(await Supervisor.getChildSpec(supervisor, 'b')).toBeUndefined();
  expect(log).toStrictEqual([hasStarted('a')]);
});

test('SA12 a child that runs is neither deleted nor restarted by request', async () => {
  const log: unknown[] = [];
  const { supervisor } = await startTree(log, workers(log, 'a'));
  expect(await Supervisor.deleteChild(supervisor, 'a')).toBe('running');
  expect(await outcome(Supervisor.restartChild(supervisor, 'a'))).toStrictEqual(refused('running'));
  expect(log).toStrictEqual([hasStarted('a')]);
});

test('SA13 deleteChild frees the id of a child that does not run', async () => {
  const log: unknown[] = [];
  const { supervisor } = await startTree(log, workers(log, 'a', 'b'));
  await Supervisor.terminateChild(supervisor, 'a');
  expect(await Supervisor.deleteChild(supervisor, 'a')).toBe('ok');
  expect(await states(supervisor)).toStrictEqual([['b', 'runs']]);
  const pid = await Supervisor.startChild(supervisor, child({ id: 'a', log }));
  expect(pid).toBe(workerOf(supervisor, 'a'));
  expect(await states(supervisor)).toStrictEqual([
    ['b', 'runs'],
    ['a', 'runs'],
  ]);
});

test('SA13 deleteChild leaves all others as they are, however many come and go', async () => {
  const log: unknown[] = [];
  const { supervisor } = await startTree(log, workers(log, 'a', 'b'));
  for (let at = 0; at < 50; at++) {
    const id = `x${at % 30}`;
    await Supervisor.startChild(supervisor, child({ id, log }));
    await Supervisor.terminateChild(supervisor, id);
    expect(await Supervisor.deleteChild(supervisor, id)).toBe('ok');
  }
  expect(await Supervisor.deleteChild(supervisor, 'x0')).toBe('notFound');
  expect(await states(supervisor)).toStrictEqual([
    ['a', 'runs'],
    ['b', 'runs'],
  ]);
  expect(isAlive(workerOf(supervisor, 'a'))).toBe(true);
});

describe('restartChild', () => {
  test('SA14 starts a child that was terminated, in its old place', async () => {
    const log: unknown[] = [];
    const { supervisor } = await startTree(log, workers(log, 'a', 'b'));
    const before = workerOf(supervisor, 'a');
    await Supervisor.terminateChild(supervisor, 'a');
    const pid = await Supervisor.restartChild(supervisor, 'a');
    expect(pid).toBe(workerOf(supervisor, 'a'));
    expect(pid).not.toBe(before);
    expect(log).toStrictEqual([
      hasStarted('a'),
      hasStarted('b'),
      hasTerminated('a', shutdown),
      hasStarted('a'),
    ]);
    expect(await states(supervisor)).toStrictEqual([
      ['a', 'runs'],
      ['b', 'runs'],
    ]);
  });

  test('SA15 that fails rejects with the reason, and keeps the child', async () => {
    const log: unknown[] = [];
    const { supervisor } = await startTree(log, [child({ id: 'a', log, plan: ['run', refusal] })]);
    await Supervisor.terminateChild(supervisor, 'a');
    expect(await outcome(Supervisor.restartChild(supervisor, 'a'))).toStrictEqual({
      exit: refusal,
    });
    expect(log).toStrictEqual([hasStarted('a'), hasTerminated('a', shutdown), hasFailed('a')]);
    expect(await states(supervisor)).toStrictEqual([['a', 'undefined']]);
  });

  test('SA16 starts a transient child that has ended normally', async () => {
    const log: unknown[] = [];
    const all = await startTree(log, [child({ id: 'a', log }, { restart: 'transient' })]);
    await end(all, 'a', normal);
    expect(await Supervisor.restartChild(all.supervisor, 'a')).toBe(workerOf(all.supervisor, 'a'));
    expect(log).toStrictEqual([hasStarted('a'), hasTerminated('a', normal), hasStarted('a')]);
  });

  test('SI08 does not count as a restart, whether it fails or not', async () => {
    const log: unknown[] = [];
    const plan: ('run' | typeof refusal)[] = ['run', refusal, refusal, 'run'];
    const all = await startTree(log, [child({ id: 'a', log, plan })], { maxRestarts: 1 });
    await Supervisor.terminateChild(all.supervisor, 'a');
    const answers = [1, 2, 3].map(() => outcome(Supervisor.restartChild(all.supervisor, 'a')));
    expect((await Promise.all(answers)).slice(0, 2)).toStrictEqual([
      { exit: refusal },
      { exit: refusal },
    ]);
    await end(all, 'a');
    expect(log).toStrictEqual([
      hasStarted('a'),
      hasTerminated('a', shutdown),
      hasFailed('a'),
      hasFailed('a'),
      hasStarted('a'),
      hasTerminated('a', crashed),
      hasStarted('a'),
    ]);
  });
});

describe('a child whose restart fails again and again', () => {
  /**
   * `a` ends and then always fails to start: requests are answered between two trials.
   */
  async function loop(log: unknown[], restart: Restart = 'permanent'): Promise<Tree> {
    const plan = ['run' as const, ...Array.from({ length: 1000 }, () => refusal)];
    const all = await startTree(log, [child({ id: 'a', log, plan }, { restart })], {
      maxRestarts: 100,
    });
    exit(all.system, workerOf(all.supervisor, 'a'), kill);
    return all;
  }

  test('SA17 is restarting: neither deleted nor restarted by request, and its id is taken', async () => {
    const log: unknown[] = [];
    const { system, supervisor } = await loop(log);
    const answers: unknown[] = [];
    logOutcome(answers, 'restart', Supervisor.restartChild(supervisor, 'a'));
    logOutcome(answers, 'delete', Supervisor.deleteChild(supervisor, 'a'));
    logOutcome(answers, 'start', Supervisor.startChild(supervisor, child({ id: 'a', log })));
    logOutcome(answers, 'which', Supervisor.whichChildren(supervisor));
    logOutcome(answers, 'count', Supervisor.countChildren(supervisor));
    await settle(system);
    expect(answers).toStrictEqual([
      ['restart', refused('restarting')],
      ['delete', done('restarting')],
      ['start', refused('alreadyPresent')],
      ['which', done([{ id: 'a', pid: 'restarting', type: 'worker' }])],
      ['count', done({ specs: 1, active: 0, supervisors: 0, workers: 1 })],
    ]);
  });

  test('SA18 is not started any more after terminateChild', async () => {
    const log: unknown[] = [];
    const { system, supervisor } = await loop(log);
    const answer = await Supervisor.terminateChild(supervisor, 'a');
    const trials = log.length;
    await settle(system);
    expect(answer).toBe('ok');
    expect(log).toHaveLength(trials);
    expect(await states(supervisor)).toStrictEqual([['a', 'undefined']]);
  });

  test('SA18, SA14 can be restarted by request after terminateChild', async () => {
    const log: unknown[] = [];
    const plan: ('run' | typeof refusal)[] = ['run', refusal, 'run'];
    const { system, supervisor } = await startTree(log, [child({ id: 'a', log, plan })]);
    exit(system, workerOf(supervisor, 'a'), kill);
    const answers = [
      outcome(Supervisor.terminateChild(supervisor, 'a')),
      outcome(Supervisor.restartChild(supervisor, 'a')),
    ];
    const [terminated, restarted] = await Promise.all(answers);
    await settle(system);
    expect([terminated, restarted]).toStrictEqual([done('ok'), done(workerOf(supervisor, 'a'))]);
    expect(log).toStrictEqual([hasStarted('a'), hasFailed('a'), hasStarted('a')]);
  });

  test('SA18, SA14 leaves the sibling that crashed down, and not restarting for ever', async () => {
    const log: unknown[] = [];
    const plan: ('run' | typeof refusal)[] = ['run', refusal];
    const { system, supervisor } = await startTree(
      log,
      [child({ id: 'a', log, plan }), child({ id: 'b', log })],
      { strategy: 'oneForAll' },
    );
    exit(system, workerOf(supervisor, 'b'), kill);
    const terminated = outcome(Supervisor.terminateChild(supervisor, 'a'));
    await settle(system);
    expect(await terminated).toStrictEqual(done('ok'));
    expect(await states(supervisor)).toStrictEqual([
      ['a', 'undefined'],
      ['b', 'undefined'],
    ]);
    expect(await outcome(Supervisor.restartChild(supervisor, 'b'))).toStrictEqual(
      done(workerOf(supervisor, 'b')),
    );
  });

  test('SA19 does not prevent the shutdown of the supervisor', async () => {
    const log: unknown[] = [];
    const { system, parent, supervisor } = await loop(log);
    exit(parent, supervisor, shutdown);
    await settle(system);
    expect(log.slice(-1)).toStrictEqual([['supervisor', shutdown]]);
    expect(log.length).toBeLessThan(5);
    expect(await drain(parent)).toStrictEqual([
      { type: 'EXIT', pid: supervisor, reason: shutdown },
    ]);
  });
});

test('SA20 whichChildren lists the newest child first, with id, pid and type', async () => {
  const log: unknown[] = [];
  const { supervisor } = await startTree(log, workers(log, 'a', 'b'));
  await Supervisor.startChild(supervisor, subSupervisor('c', []));
  expect(await Supervisor.whichChildren(supervisor)).toStrictEqual([
    { id: 'c', pid: Supervisor.child(supervisor, 'c'), type: 'supervisor' },
    { id: 'b', pid: workerOf(supervisor, 'b'), type: 'worker' },
    { id: 'a', pid: workerOf(supervisor, 'a'), type: 'worker' },
  ]);
});

test('SA21 countChildren counts specs, running children, and supervisors and workers, running or not', async () => {
  const log: unknown[] = [];
  const { supervisor } = await startTree(log, [
    ...workers(log, 'a', 'b'),
    subSupervisor('c', workers(log, 'x')),
    subSupervisor('d', []),
    child({ id: 'e', log, plan: ['ignore'] }),
  ]);
  await Supervisor.terminateChild(supervisor, 'b');
  await Supervisor.terminateChild(supervisor, 'd');
  expect(await Supervisor.countChildren(supervisor)).toStrictEqual({
    specs: 5,
    active: 2,
    supervisors: 2,
    workers: 3,
  });
});

describe('a supervisor that is not there', () => {
  const asks: readonly (readonly [string, (supervisor: Supervisor.Pid) => Promise<unknown>])[] = [
    ['startChild', (pid) => Supervisor.startChild(pid, child({ id: 'a', log: [] }))],
    ['terminateChild', (pid) => Supervisor.terminateChild(pid, 'a')],
    ['restartChild', (pid) => Supervisor.restartChild(pid, 'a')],
    ['deleteChild', (pid) => Supervisor.deleteChild(pid, 'a')],
    ['getChildSpec', (pid) => Supervisor.getChildSpec(pid, 'a')],
    ['whichChild', (pid) => Supervisor.whichChild(pid, 'a')],
    ['whichChildren', (pid) => Supervisor.whichChildren(pid)],
    ['countChildren', (pid) => Supervisor.countChildren(pid)],
    ['stop', (pid) => Supervisor.stop(pid)],
  ];
  test.each(asks)('SA28 rejects %s with noproc', async (_request, ask) => {
    const { supervisor } = await startTree([], []);
    await Supervisor.stop(supervisor);
    expect(await outcome(ask(supervisor))).toStrictEqual(refused('noproc'));
  });

  test.each(asks)('SA28 rejects %s by a free name with noproc', async (_request, ask) => {
    const system = createTestSystem();
    const free = name<Supervisor.Pid>('free').in(system);
    expect(await outcome(ask(free as never))).toStrictEqual(refused('noproc'));
  });

  test('SA28 has no children', async () => {
    const { supervisor } = await startTree([], workers([], 'a'));
    await Supervisor.stop(supervisor);
    expect(() => workerOf(supervisor, 'a')).toThrow(ExitError);
  });
});

test('SA29 whichChild answers for one child: running, terminated, unknown', async () => {
  const log: unknown[] = [];
  const { supervisor } = await startTree(log, [...workers(log, 'a', 'b'), subSupervisor('c', [])]);
  await Supervisor.terminateChild(supervisor, 'b');
  expect(await Supervisor.whichChild(supervisor, 'a')).toStrictEqual({
    id: 'a',
    pid: workerOf(supervisor, 'a'),
    type: 'worker',
  });
  expect(await Supervisor.whichChild(supervisor, 'b')).toStrictEqual({
    id: 'b',
    pid: undefined,
    type: 'worker',
  });
  expect(await Supervisor.whichChild(supervisor, 'c')).toMatchObject({ type: 'supervisor' });
  expect(await Supervisor.whichChild(supervisor, 'd')).toBeUndefined();
});

test('SS11 getChildSpec gives the spec with its defaults', async () => {
  const log: unknown[] = [];
  const { supervisor } = await startTree(log, [...workers(log, 'a'), subSupervisor('b', [])]);
  const start = expect.any(Function);
  const common = { start, restart: 'permanent', significant: false };
  expect(await Supervisor.getChildSpec(supervisor, 'a')).toStrictEqual({
    ...common,
    id: 'a',
    shutdown: 5000,
    type: 'worker',
  });
  expect(await Supervisor.getChildSpec(supervisor, 'b')).toStrictEqual({
    ...common,
    id: 'b',
    shutdown: Infinity,
    type: 'supervisor',
  });
});

test('SS19 requests are answered one after the other, in order', async () => {
  const log: unknown[] = [];
  const { system, supervisor } = await startTree(log, []);
  logOutcome(
    log,
    'start a',
    Supervisor.startChild(supervisor, child({ id: 'a', log, initTime: 20 })),
  );
  logOutcome(log, 'count', Supervisor.countChildren(supervisor));
  await idleProcess(system);
  await advance(system, 19);
  expect(log).toStrictEqual([]);
  await advance(system, 1);
  expect(log).toStrictEqual([
    hasStarted('a'),
    ['start a', done(workerOf(supervisor, 'a'))],
    ['count', done({ specs: 1, active: 1, supervisors: 0, workers: 1 })],
  ]);
});
