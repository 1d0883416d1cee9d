import { describe, expect, jest, test } from '@jest/globals';
import {
  Agent,
  childSpec,
  type ChildOptions,
  type ChildSpec,
  crash,
  DynamicSupervisor,
  exit,
  ExitError,
  type ExitReason,
  GenServer,
  isAlive,
  kill,
  killed,
  name,
  noproc,
  normal,
  type Ok,
  type Pid,
  type Process,
  type Receiver,
  send,
  shutdown,
  shutdownWith,
  spawnLink,
  Supervisor,
  whereis,
} from '@reprise/actor';
import { advance, createTestSystem, settle, type TestSystem } from '@reprise/actor/testing';
import { expectTypeOf } from 'expect-type';

import { cellOf } from '../../../src/process/cell.ts';
import { collectGarbage } from '../../support/garbage.ts';
import { logEnd, logOutcome, outcome } from '../../support/outcome.ts';
import { drain, forever, idleProcess } from '../../support/processes.ts';
import {
  crashed,
  child,
  hasFailed,
  type Job,
  refusal,
  hasStarted,
  hasTerminated,
  type Worker,
} from '../../support/tree.ts';

interface Dynamic {
  readonly system: TestSystem;
  /** The test acts for it; it traps exits. */
  readonly parent: Receiver<unknown>;
  readonly supervisor: DynamicSupervisor.Pid;
}

/** A dynamic supervisor that is up, its end logged under `sup`. */
async function dynamic(log: unknown[], options: DynamicSupervisor.Options = {}): Promise<Dynamic> {
  const system = createTestSystem();
  const parent = await idleProcess(system, { traps: true });
  const supervisor = await DynamicSupervisor.startLink(parent, options);
  await logEnd(system, log, 'supervisor', supervisor);
  return { system, parent, supervisor };
}

const add = async (
  { supervisor }: Dynamic,
  job: Job,
  options: Partial<ChildOptions> = {},
): Promise<Worker> =>
  (await DynamicSupervisor.startChild(supervisor, child(job, options))) as Worker;

/** Ends a child and lets the supervisor react. */
async function end({ system }: Dynamic, pid: Worker, reason: ExitReason = crashed): Promise<void> {
  if (reason.type === 'kill') {
    exit(system, pid, kill);
  } else {
    GenServer.cast(pid, 'end', reason);
  }
  await settle(system);
}

const pidsOf = async ({ supervisor }: Dynamic): Promise<readonly (Pid | 'restarting')[]> =>
  (await DynamicSupervisor.whichChildren(supervisor)).map(({ pid }) => pid);

const theOne = async (all: Dynamic): Promise<Worker> => (await pidsOf(all))[0] as Worker;

const counts = (specs: number, active: number, supervisors = 0): Supervisor.ChildCounts => ({
  specs,
  active,
  supervisors,
  workers: specs - supervisors,
});

const refused = { exit: { type: 'maxChildren' } };

describe('the start', () => {
  test('DS01 begins with no children', async () => {
    const { supervisor } = await dynamic([]);
    expect(await DynamicSupervisor.countChildren(supervisor)).toStrictEqual(counts(0, 0));
    expect(await DynamicSupervisor.whichChildren(supervisor)).toStrictEqual([]);
  });

  test.each<readonly [string, object, Error]>([
    [
      'maxChildren -1',
      { maxChildren: -1 },
      new RangeError('Expected maxChildren to be a whole number from 0 on or Infinity, got -1'),
    ],
    [
      'maxChildren that is no number',
      { maxChildren: 'many' },
      new RangeError('Expected maxChildren to be a whole number from 0 on or Infinity, got "many"'),
    ],
    [
      'maxRestarts -1',
      { maxRestarts: -1 },
      new RangeError('Expected maxRestarts to be a whole number from 0 on, got -1'),
    ],
    ['maxSeconds 0', { maxSeconds: 0 }, new RangeError('Expected maxSeconds to be above 0, got 0')],
    [
      'extraArguments that are no array',
      { extraArguments: 3 },
      new TypeError('Expected extraArguments to be an array, got 3'),
    ],
  ])('DS20 refuses %s, and starts nothing', async (_what, options, error) => {
    const system = createTestSystem();
    const parent = await idleProcess(system, { traps: true });
    const start = DynamicSupervisor.startLink(parent, options);
    const caught = await start.catch((thrown: unknown) => thrown);
    expect(caught).toStrictEqual(error);
    expect(caught).toBeInstanceOf(error.constructor);
    await settle(system);
    expect(await drain(parent)).toStrictEqual([]);
  });

  test.each(['anySignificant', 'allSignificant'])(
    'AS12 refuses autoShutdown %s: no child of it can be significant',
    async (autoShutdown) => {
      const system = createTestSystem();
      const options = { autoShutdown } as DynamicSupervisor.Options;
      expect(await outcome(DynamicSupervisor.startLink(system, options))).toStrictEqual({
        error: new TypeError(
          'Expected an option of DynamicSupervisor.startLink (maxChildren, extraArguments, name, onChildExit, maxRestarts, maxSeconds), got `autoShutdown`',
        ),
      });
    },
  );

  test('has a name, which is free again when it has ended', async () => {
    const system = createTestSystem();
    const rooms = name<DynamicSupervisor.Pid>('rooms');
    const supervisor = await DynamicSupervisor.startLink(system, { name: rooms });
    expect(whereis(system, rooms)).toBe(supervisor);
    await DynamicSupervisor.startChild(rooms.in(system), child({ id: 'a', log: [] }));
    expect(await DynamicSupervisor.countChildren(rooms.in(system))).toStrictEqual(counts(1, 1));
    await DynamicSupervisor.stop(rooms.in(system));
    expect(whereis(system, rooms)).toBeUndefined();
  });

  test('under another supervisor waits without a limit of time, and starts again with no children', async () => {
    const system = createTestSystem();
    const spec = DynamicSupervisor.childSpec({ id: 'rooms', maxChildren: 1 });
    expect(spec).toMatchObject({ id: 'rooms', type: 'supervisor', shutdown: Infinity });
    const app = await Supervisor.startLink(system, { strategy: 'oneForOne', children: [spec] });
    const first = Supervisor.child(app, 'rooms');
    await DynamicSupervisor.startChild(first, child({ id: 'a', log: [] }));
    exit(system, first, kill);
    await settle(system);
    const second = Supervisor.child(app, 'rooms');
    expect(second).not.toBe(first);
    expect(await DynamicSupervisor.countChildren(second)).toStrictEqual(counts(0, 0));
  });

  test('DS20 asks for a supervisor that is there', async () => {
    const { supervisor } = await dynamic([]);
    await DynamicSupervisor.stop(supervisor);
    expect(await outcome(DynamicSupervisor.countChildren(supervisor))).toStrictEqual({
      exit: noproc,
    });
    const spec = child({ id: 'a', log: [] });
    expect(await outcome(DynamicSupervisor.startChild(supervisor, spec))).toStrictEqual({
      exit: noproc,
    });
  });
});

describe('startChild', () => {
  const own = new Error('own');
  const worker = async (parent: Process): Promise<Pid> => spawnLink(parent, forever);

  test('DS03 resolves with the pid that the start gave, once the child is up', async () => {
    const log: unknown[] = [];
    const all = await dynamic(log);
    const started = add(all, { id: 'a', log, initTime: 10 });
    void started.then((pid) => log.push(['started', isAlive(pid)]));
    await advance(all.system, 9);
    expect(log).toStrictEqual([]);
    await advance(all.system, 1);
    expect(log).toStrictEqual([hasStarted('a'), ['started', true]]);
    expect(await pidsOf(all)).toStrictEqual([await started]);
  });

  test('DS03 SS09 resolves with the pid and the info that the start gave', async () => {
    const { supervisor } = await dynamic([]);
    const spec = {
      ...childSpec(worker, { id: 'a' }),
      start: async (parent: Process) => ({ pid: await worker(parent), info: 'listening' }),
    };
    const { pid, info } = await DynamicSupervisor.startChild(supervisor, spec);
    expectTypeOf(info).toEqualTypeOf<string>();
    expect(info).toBe('listening');
    expect(await DynamicSupervisor.whichChildren(supervisor)).toStrictEqual([
      { id: undefined, pid, type: 'worker' },
    ]);
  });

  test('DS03 SA27 of a child that answers ignore resolves with undefined, and keeps no child', async () => {
    const all = await dynamic([]);
    const spec = child({ id: 'a', log: [], plan: ['ignore'] });
    expect(await outcome(DynamicSupervisor.startChild(all.supervisor, spec))).toStrictEqual({
      value: undefined,
    });
    expect(await DynamicSupervisor.countChildren(all.supervisor)).toStrictEqual(counts(0, 0));
  });

  test.each<readonly [string, string, () => Promise<undefined>, ExitReason]>([
    ['DS03', 'rejects with a reason', () => Promise.reject(new ExitError(refusal)), refusal],
    [
      'DS03',
      'answers a value that is no pid',
      () => Promise.resolve('garbage' as never),
      { type: 'badReturnValue', value: 'garbage' },
    ],
    ['DS04', 'rejects with an error', () => Promise.reject(own), crash(own)],
    [
      'DS04',
      'throws an error',
      () => {
        throw own;
      },
      crash(own),
    ],
    [
      'DS04',
      'throws a value that is no error',
      () => {
        throw 'oops';
      },
      { type: 'nocatch', value: 'oops' },
    ],
  ])('%s SA27 whose start %s rejects with that very reason', async (_row, _how, begin, reason) => {
    const { supervisor } = await dynamic([]);
    const spec = childSpec(begin, { id: 'a' });
    expect(await outcome(DynamicSupervisor.startChild(supervisor, spec))).toStrictEqual({
      exit: reason,
    });
    expect(await DynamicSupervisor.countChildren(supervisor)).toStrictEqual(counts(0, 0));
    expect(isAlive(supervisor)).toBe(true);
  });

  test('DS04 of a server whose init stops, throws or exits rejects with the reason', async () => {
    const { supervisor } = await dynamic([]);
    const specOf = (init: (arg: undefined, self: Process) => Ok<number>) =>
      GenServer.childSpec(GenServer.define({ init }), undefined, { id: 'a' });
    const throwing = specOf(() => {
      throw own;
    });
    const exiting = specOf((_, self) => exit(self, shutdownWith('oops')));
    const start = (spec: ChildSpec): Promise<unknown> =>
      outcome(DynamicSupervisor.startChild(supervisor, spec));
    expect(await start(throwing)).toStrictEqual({ exit: crash(own) });
    expect(await start(exiting)).toStrictEqual({ exit: shutdownWith('oops') });
    expect(await start(child({ id: 'b', log: [], plan: [refusal] }))).toStrictEqual({
      exit: refusal,
    });
    expect(isAlive(supervisor)).toBe(true);
  });

  test('DS02 takes one spec twice: ids identify no child', async () => {
    const log: unknown[] = [];
    const all = await dynamic(log);
    const spec = child({ id: 'a', log });
    const first = await DynamicSupervisor.startChild(all.supervisor, spec);
    const second = await DynamicSupervisor.startChild(all.supervisor, spec);
    expect(second).not.toBe(first);
    expect(new Set(await pidsOf(all))).toStrictEqual(new Set([first, second]));
    expect(log).toStrictEqual([hasStarted('a'), hasStarted('a')]);
  });

  test('DS05 at a maximum of 0 is refused, and starts nothing', async () => {
    const log: unknown[] = [];
    const all = await dynamic(log, { maxChildren: 0 });
    expect(await outcome(add(all, { id: 'a', log }))).toStrictEqual(refused);
    expect(log).toStrictEqual([]);
  });

  test('DS05 at the maximum is refused, and starts nothing', async () => {
    const log: unknown[] = [];
    const all = await dynamic(log, { maxChildren: 2 });
    await add(all, { id: 'a', log });
    await add(all, { id: 'b', log });
    expect(await outcome(add(all, { id: 'c', log }))).toStrictEqual(refused);
    expect(log).toStrictEqual([hasStarted('a'), hasStarted('b')]);
  });

  test('DS05 of children that were not kept does not count towards the maximum', async () => {
    const log: unknown[] = [];
    const all = await dynamic(log, { maxChildren: 1 });
    await add(all, { id: 'a', log, plan: ['ignore'] });
    await outcome(add(all, { id: 'b', log, plan: [refusal] }));
    await add(all, { id: 'c', log });
    expect(log).toStrictEqual([hasFailed('a'), hasFailed('b'), hasStarted('c')]);
  });

  test('DS06 can replace a child that was terminated', async () => {
    const log: unknown[] = [];
    const all = await dynamic(log, { maxChildren: 1 });
    const first = await add(all, { id: 'a', log });
    expect(await outcome(add(all, { id: 'b', log }))).toStrictEqual(refused);
    await DynamicSupervisor.terminateChild(all.supervisor, first);
    await add(all, { id: 'b', log });
    expect(log).toStrictEqual([hasStarted('a'), hasTerminated('a', shutdown), hasStarted('b')]);
  });

  test('DS06 can replace a child that has ended for good', async () => {
    const log: unknown[] = [];
    const all = await dynamic(log, { maxChildren: 1 });
    await end(all, await add(all, { id: 'a', log }, { restart: 'temporary' }));
    await add(all, { id: 'b', log });
    expect(log).toStrictEqual([hasStarted('a'), hasTerminated('a', crashed), hasStarted('b')]);
  });

  test('DS07 counts a child that is to be started again', async () => {
    const log: unknown[] = [];
    const all = await dynamic(log, { maxChildren: 1 });
    jest.spyOn(Math, 'random').mockReturnValue(1);
    const restartDelay = { minDelay: 100, maxDelay: 100, healthyAfter: 1000 };
    await end(all, await add(all, { id: 'a', log }, { restartDelay }));
    expect(await pidsOf(all)).toStrictEqual(['restarting']);
    expect(await outcome(add(all, { id: 'b', log }))).toStrictEqual(refused);
  });

  test('DS08 counts a child that was started again', async () => {
    const log: unknown[] = [];
    const all = await dynamic(log, { maxChildren: 1 });
    const first = await add(all, { id: 'a', log });
    await end(all, first);
    expect(await outcome(add(all, { id: 'b', log }))).toStrictEqual(refused);
    expect(await pidsOf(all)).not.toStrictEqual([first]);
    expect(log).toStrictEqual([hasStarted('a'), hasTerminated('a', crashed), hasStarted('a')]);
  });

  const one = child({ id: 'a', log: [] });
  test.each<readonly [string, unknown, Error]>([
    ['a value that is no spec', 3, new TypeError('Expected a child spec with an id, got 3')],
    [
      'a start that is no function',
      { ...one, start: 'now' },
      new TypeError(
        'Expected start of child "a" to be a function (parent) => Promise<Pid>, got "now"',
      ),
    ],
    [
      'a shutdown of -1',
      { ...one, shutdown: -1 },
      new RangeError(
        `Expected shutdown of child "a" to be milliseconds from 0 on, Infinity or 'brutalKill', got -1`,
      ),
    ],
    [
      'a significant child',
      { ...one, significant: true },
      new TypeError(
        'Expected the child "a" of a dynamic supervisor not to be significant, got true',
      ),
    ],
  ])('DS19 refuses %s', async (_what, spec, error) => {
    const { supervisor } = await dynamic([]);
    const started = DynamicSupervisor.startChild(supervisor, spec as ChildSpec);
    const caught = await started.catch((thrown: unknown) => thrown);
    expect(caught).toStrictEqual(error);
    expect(caught).toBeInstanceOf(error.constructor);
    expect(await DynamicSupervisor.countChildren(supervisor)).toStrictEqual(counts(0, 0));
  });
});

describe('extra arguments', () => {
  test('DS14 SA26 come before the arguments of the spec, at the start and at each restart', async () => {
    const system = createTestSystem();
    const supervisor = await DynamicSupervisor.startLink(system, { extraArguments: ['db', 1] });
    const log: unknown[] = [];
    const spec = childSpec(
      (parent, ...extra: readonly [string, number]) => {
        log.push([...extra, 'own']);
        return Agent.startLink(parent, () => 0);
      },
      { id: 'a' },
    );
    const pid = await DynamicSupervisor.startChild(supervisor, spec);
    exit(system, pid as Pid, kill);
    await settle(system);
    expect(log).toStrictEqual([
      ['db', 1, 'own'],
      ['db', 1, 'own'],
    ]);
  });

  test('DS14 are typed: a start may take them, or the first of them, and nothing else', async () => {
    const system = createTestSystem();
    const supervisor = await DynamicSupervisor.startLink(system, { extraArguments: ['db', 1] });
    expectTypeOf(supervisor).toEqualTypeOf<DynamicSupervisor.Pid<readonly ['db', 1]>>();
    const agent = (parent: Process): Promise<Agent.Agent<number>> =>
      Agent.startLink(parent, () => 0);
    const all = childSpec((parent, _db: string, _n: number) => agent(parent), { id: 'a' });
    const first = childSpec((parent, _db: string) => agent(parent), { id: 'a' });
    const none = childSpec((parent) => agent(parent), { id: 'a' });
    for (const spec of [all, first, none]) {
      const pid = await DynamicSupervisor.startChild(supervisor, spec);
      expectTypeOf(pid).toEqualTypeOf<Agent.Agent<number> | undefined>();
    }
    const wrong = childSpec((parent, _n: number) => agent(parent), { id: 'a' });
    // @ts-expect-error -- the first argument is a string
    await DynamicSupervisor.startChild(supervisor, wrong);
    const more = childSpec((parent, _db: string, _n: number, _m: string) => agent(parent), {
      id: 'a',
    });
    // @ts-expect-error -- the supervisor has no third argument
    await DynamicSupervisor.startChild(supervisor, more);
    const plain = await DynamicSupervisor.startLink(system);
    // @ts-expect-error -- this supervisor has no extra arguments
    await DynamicSupervisor.startChild(plain, first);
    // @ts-expect-error -- this supervisor does not give the arguments that the child needs
    await Supervisor.startLink(system, { strategy: 'oneForOne', children: [first] });
  });
});

describe('the end of a child', () => {
  const reasons: readonly ExitReason[] = [normal, shutdown, shutdownWith('detail'), crashed, kill];

  test.each(reasons)(
    'DS09 SR22 restarts a permanent child after $type, with its own job, and no other child',
    async (reason) => {
      const log: unknown[] = [];
      const all = await dynamic(log);
      const [a, b] = [await add(all, { id: 'a', log }), await add(all, { id: 'b', log })];
      await end(all, a, reason);
      const ended = reason.type === 'kill' ? [] : [hasTerminated('a', reason)];
      expect(log).toStrictEqual([hasStarted('a'), hasStarted('b'), ...ended, hasStarted('a')]);
      const pids = await pidsOf(all);
      expect(pids).toContain(b);
      expect(pids).not.toContain(a);
      expect(await DynamicSupervisor.countChildren(all.supervisor)).toStrictEqual(counts(2, 2));
    },
  );

  test.each([crashed, kill])('DS09 restarts a transient child after $type', async (reason) => {
    const log: unknown[] = [];
    const all = await dynamic(log);
    await end(all, await add(all, { id: 'a', log }, { restart: 'transient' }), reason);
    expect(await DynamicSupervisor.countChildren(all.supervisor)).toStrictEqual(counts(1, 1));
  });

  test.each<readonly ['transient' | 'temporary', ExitReason]>([
    ['transient', normal],
    ['transient', shutdown],
    ['transient', shutdownWith('detail')],
    ['temporary', normal],
    ['temporary', shutdown],
    ['temporary', crashed],
    ['temporary', kill],
  ])('DS09 forgets it, %s, after %o', async (restart, reason) => {
    const log: unknown[] = [];
    const all = await dynamic(log);
    await end(all, await add(all, { id: 'a', log }, { restart }), reason);
    expect(log.filter((entry) => JSON.stringify(entry) === '["started","a"]')).toHaveLength(1);
    expect(await DynamicSupervisor.whichChildren(all.supervisor)).toStrictEqual([]);
    expect(await DynamicSupervisor.countChildren(all.supervisor)).toStrictEqual(counts(0, 0));
  });

  test('is reported when it is abnormal, or the child is permanent', async () => {
    const all = await dynamic([]);
    const pids = await Promise.all(
      (['permanent', 'transient', 'temporary'] as const).map((restart) =>
        add(all, { id: restart, log: [] }, { restart }),
      ),
    );
    for (const pid of pids) {
      await end(all, pid, shutdown);
    }
    expect(all.system.reports.map(({ message }) => message)).toStrictEqual([
      `supervisor ${String(all.supervisor)}: child "permanent" (${String(pids[0])}) ended: shutdown`,
    ]);
  });

  test('DS10 removes it when its restart answers ignore', async () => {
    const log: unknown[] = [];
    const all = await dynamic(log);
    await end(all, await add(all, { id: 'a', log, plan: ['run', 'ignore'] }));
    expect(log).toStrictEqual([hasStarted('a'), hasTerminated('a', crashed), hasFailed('a')]);
    expect(await DynamicSupervisor.countChildren(all.supervisor)).toStrictEqual(counts(0, 0));
  });

  test('DS09 restarts it once, though it sent an exit signal to the supervisor before it ended', async () => {
    const { system, supervisor } = await dynamic([], { maxRestarts: 1 });
    let starts = 0;
    const spec = childSpec(
      async (parent) =>
        spawnLink(parent, async (self) => {
          starts += 1;
          if (starts === 1) {
            exit(self, parent.pid, crashed);
            exit(self, crashed);
          }
          await forever();
        }),
      { id: 'a', restartDelay: { minDelay: 100, maxDelay: 100, healthyAfter: 1000 } },
    );
    await DynamicSupervisor.startChild(supervisor, spec);
    await advance(system, 1000);
    expect([starts, isAlive(supervisor)]).toStrictEqual([2, true]);
    expect(await DynamicSupervisor.countChildren(supervisor)).toStrictEqual(counts(1, 1));
  });

  test('DS09 is not caused by an exit signal that a running child sends', async () => {
    const log: unknown[] = [];
    const all = await dynamic(log);
    const a = await add(all, { id: 'a', log });
    exit(cellOf(a), all.supervisor, crashed);
    await settle(all.system);
    expect(log).toStrictEqual([hasStarted('a')]);
    expect(await pidsOf(all)).toStrictEqual([a]);
  });

  test('DS11 is followed by trials until one works, and each counts', async () => {
    const log: unknown[] = [];
    const all = await dynamic(log, { maxRestarts: 3 });
    await end(all, await add(all, { id: 'a', log, plan: ['run', refusal, refusal] }));
    expect(log).toStrictEqual([
      hasStarted('a'),
      hasTerminated('a', crashed),
      hasFailed('a'),
      hasFailed('a'),
      hasStarted('a'),
    ]);
    await end(all, await theOne(all));
    expect(log.slice(5)).toStrictEqual([hasTerminated('a', crashed), ['supervisor', shutdown]]);
  });

  test('DS11 shows it as restarting between two trials, and handles other messages there', async () => {
    const log: unknown[] = [];
    const all = await dynamic(log, { maxRestarts: 100 });
    const a = await add(all, { id: 'a', log, plan: ['run', refusal, refusal] });
    GenServer.cast(a, 'end', crashed);
    const seen: unknown[] = [];
    // The first request comes before the end of the child; each later one between two trials.
    for (let asked = 0; asked < 4; asked++) {
      const [pid] = await pidsOf(all);
      seen.push(pid === a ? 'had ended' : typeof pid === 'object' ? 'runs again' : pid);
    }
    expect(seen).toStrictEqual(['had ended', 'restarting', 'restarting', 'runs again']);
    expect(log).toStrictEqual([
      hasStarted('a'),
      hasTerminated('a', crashed),
      hasFailed('a'),
      hasFailed('a'),
      hasStarted('a'),
    ]);
  });

  test('DS11 waits for its delay, shown as restarting, while the supervisor handles other messages', async () => {
    jest.spyOn(Math, 'random').mockReturnValue(1);
    const log: unknown[] = [];
    const all = await dynamic(log);
    const restartDelay = { minDelay: 100, maxDelay: 1000, healthyAfter: 5000 };
    const a = await add(all, { id: 'a', log }, { restartDelay });
    await end(all, a);
    expect(await DynamicSupervisor.whichChildren(all.supervisor)).toStrictEqual([
      { id: undefined, pid: 'restarting', type: 'worker' },
    ]);
    expect(await DynamicSupervisor.countChildren(all.supervisor)).toStrictEqual(counts(1, 0));
    await add(all, { id: 'b', log });
    await advance(all.system, 99);
    expect(log).toStrictEqual([hasStarted('a'), hasTerminated('a', crashed), hasStarted('b')]);
    await advance(all.system, 1);
    expect(log).toStrictEqual([
      hasStarted('a'),
      hasTerminated('a', crashed),
      hasStarted('b'),
      hasStarted('a'),
    ]);
    expect(await DynamicSupervisor.countChildren(all.supervisor)).toStrictEqual(counts(2, 2));
  });

  test('DS12 DS13 too often ends the supervisor: by default the fourth within 5 s', async () => {
    const log: unknown[] = [];
    const all = await dynamic(log);
    const b = await add(all, { id: 'b', log });
    let a = await add(all, { id: 'a', log });
    for (let deaths = 0; deaths < 3; deaths++) {
      await end(all, a);
      a = (await pidsOf(all)).find((pid) => pid !== b) as Worker;
    }
    expect(isAlive(all.supervisor)).toBe(true);
    await end(all, a);
    const again = [hasTerminated('a', crashed), hasStarted('a')];
    expect(log).toStrictEqual([
      hasStarted('b'),
      hasStarted('a'),
      ...again,
      ...again,
      ...again,
      hasTerminated('a', crashed),
      hasTerminated('b', shutdown),
      ['supervisor', shutdown],
    ]);
    expect(await drain(all.parent)).toStrictEqual([
      { type: 'EXIT', pid: all.supervisor, reason: shutdown },
    ]);
    expect(all.system.reports.at(-1)).toMatchObject({
      message: `supervisor ${String(all.supervisor)} gave up: child "a" (${String(a)}) failed 4 times in 5 s: "boom"`,
      details: { process: String(a) },
    });
  });

  test('DS12 ends the supervisor by trials that fail', async () => {
    const log: unknown[] = [];
    const all = await dynamic(log, { maxRestarts: 2 });
    await end(all, await add(all, { id: 'a', log, plan: ['run', refusal, refusal, refusal] }));
    expect(log).toStrictEqual([
      hasStarted('a'),
      hasTerminated('a', crashed),
      hasFailed('a'),
      hasFailed('a'),
      ['supervisor', shutdown],
    ]);
  });

  test('DS13 counts only restarts within 5 s', async () => {
    const log: unknown[] = [];
    const all = await dynamic(log);
    await add(all, { id: 'a', log });
    for (let deaths = 0; deaths < 8; deaths++) {
      await end(all, await theOne(all));
      await advance(all.system, 2000);
    }
    expect(isAlive(all.supervisor)).toBe(true);
  });

  test('of a process that is no child, linked to the supervisor, changes nothing', async () => {
    const { supervisor, system } = await dynamic([]);
    await outcome(
      DynamicSupervisor.startChild(
        supervisor,
        childSpec(
          async (parent) => {
            spawnLink(parent, () => exit(parent, crashed));
            return undefined;
          },
          { id: 'a' },
        ),
      ),
    );
    send(supervisor as Pid as Pid<unknown>, 'junk');
    await settle(system);
    expect(isAlive(supervisor)).toBe(true);
    expect(system.reports.at(-1)?.message).toBe(
      `supervisor ${String(supervisor)} does not know this message: dropped`,
    );
  });
});

describe('terminateChild', () => {
  test('DS15 SA24 resolves once the child has ended, and forgets it; other pids are not found', async () => {
    const log: unknown[] = [];
    const all = await dynamic(log);
    const a = await add(all, { id: 'a', log, terminateTime: 10 });
    logOutcome(log, 'terminated', DynamicSupervisor.terminateChild(all.supervisor, a));
    await advance(all.system, 9);
    expect(log).toStrictEqual([hasStarted('a')]);
    await advance(all.system, 1);
    expect(log).toStrictEqual([
      hasStarted('a'),
      hasTerminated('a', shutdown),
      ['terminated', { value: 'ok' }],
    ]);
    expect(await DynamicSupervisor.terminateChild(all.supervisor, a)).toBe('notFound');
    expect(await DynamicSupervisor.terminateChild(all.supervisor, all.parent.pid)).toBe('notFound');
    expect(isAlive(all.parent.pid)).toBe(true);
    expect(await DynamicSupervisor.countChildren(all.supervisor)).toStrictEqual(counts(0, 0));
  });

  test('DS15 does not count as a restart', async () => {
    const log: unknown[] = [];
    const all = await dynamic(log, { maxRestarts: 0 });
    await DynamicSupervisor.terminateChild(all.supervisor, await add(all, { id: 'a', log }));
    await settle(all.system);
    expect(log).toStrictEqual([hasStarted('a'), hasTerminated('a', shutdown)]);
  });

  test('DS15 does not know the pid that a child had before it was started again', async () => {
    const log: unknown[] = [];
    const all = await dynamic(log);
    const a = await add(all, { id: 'a', log });
    exit(all.system, a, kill);
    expect(await DynamicSupervisor.terminateChild(all.supervisor, a)).toBe('notFound');
    expect(await DynamicSupervisor.countChildren(all.supervisor)).toStrictEqual(counts(1, 1));
  });

  test('DS16 of a child that is to be started again ends the trials', async () => {
    const log: unknown[] = [];
    const all = await dynamic(log);
    const restartDelay = { minDelay: 100, maxDelay: 100, healthyAfter: 1000 };
    const a = await add(all, { id: 'a', log }, { restartDelay });
    await end(all, a);
    expect(await pidsOf(all)).toStrictEqual(['restarting']);
    expect(await DynamicSupervisor.terminateChild(all.supervisor, a)).toBe('ok');
    expect(await DynamicSupervisor.countChildren(all.supervisor)).toStrictEqual(counts(0, 0));
    await advance(all.system, 1000);
    expect(log).toStrictEqual([hasStarted('a'), hasTerminated('a', crashed)]);
  });

  test('SA23 by an id is refused, and there is nothing to delete or restart by one', async () => {
    const { supervisor } = await dynamic([]);
    expect(await outcome(DynamicSupervisor.terminateChild(supervisor, 'a' as never))).toStrictEqual(
      { error: new TypeError('Expected a pid, got "a"') },
    );
    expect(DynamicSupervisor).not.toHaveProperty('deleteChild');
    expect(DynamicSupervisor).not.toHaveProperty('restartChild');
  });

  test('SA25 of a supervisor that knows its children by id finds no child by a pid', async () => {
    const system = createTestSystem();
    const app = await Supervisor.startLink(system, {
      strategy: 'oneForOne',
      children: [child({ id: 'a', log: [] })],
    });
    const a = Supervisor.child(app, 'a');
    expect(await Supervisor.terminateChild(app, a as never)).toBe('notFound');
    expect(isAlive(a)).toBe(true);
  });
});

describe('whichChildren and countChildren', () => {
  test('DS17 SA22 list each child without an id, with its type', async () => {
    const all = await dynamic([]);
    const a = await add(all, { id: 'a', log: [] });
    const inner = DynamicSupervisor.childSpec({ id: 'inner' });
    const b = await DynamicSupervisor.startChild(all.supervisor, inner);
    const children = await DynamicSupervisor.whichChildren(all.supervisor);
    expect(children).toHaveLength(2);
    expect(children).toContainEqual({ id: undefined, pid: a, type: 'worker' });
    expect(children).toContainEqual({ id: undefined, pid: b, type: 'supervisor' });
    expect(await DynamicSupervisor.countChildren(all.supervisor)).toStrictEqual(counts(2, 2, 1));
  });

  test('DS01 count right through a restart, a kill and a termination', async () => {
    const log: unknown[] = [];
    const all = await dynamic(log, { maxRestarts: 100 });
    const restartDelay = { minDelay: 100, maxDelay: 100, healthyAfter: 1000 };
    const inner = DynamicSupervisor.childSpec({ id: 'inner', restartDelay });
    const b = (await DynamicSupervisor.startChild(all.supervisor, inner)) as Pid;
    const a = await add(all, { id: 'a', log }, { restartDelay });
    await end(all, a);
    expect(await DynamicSupervisor.countChildren(all.supervisor)).toStrictEqual(counts(2, 1, 1));
    exit(all.system, b, kill);
    await settle(all.system);
    expect(await DynamicSupervisor.countChildren(all.supervisor)).toStrictEqual(counts(2, 0, 1));
    await DynamicSupervisor.terminateChild(all.supervisor, b);
    expect(await DynamicSupervisor.countChildren(all.supervisor)).toStrictEqual(counts(1, 0, 0));
    await advance(all.system, 100);
    expect(await DynamicSupervisor.countChildren(all.supervisor)).toStrictEqual(counts(1, 1, 0));
  });
});

describe('the end of the supervisor', () => {
  test('SP18 DS18 shuts all children down at once: it takes as long as the slowest', async () => {
    const log: unknown[] = [];
    const all = await dynamic(log);
    for (const [id, slowEnd] of [
      ['a', 40],
      ['b', 30],
      ['c', 20],
      ['d', 10],
    ] as const) {
      await add(all, { id, log, terminateTime: slowEnd });
    }
    const stopped = outcome(DynamicSupervisor.stop(all.supervisor));
    const started = log.splice(0);
    expect(started).toStrictEqual([
      hasStarted('a'),
      hasStarted('b'),
      hasStarted('c'),
      hasStarted('d'),
    ]);
    await advance(all.system, 39);
    expect(log).toStrictEqual([
      hasTerminated('d', shutdown),
      hasTerminated('c', shutdown),
      hasTerminated('b', shutdown),
    ]);
    await advance(all.system, 1);
    expect(log.slice(3)).toStrictEqual([hasTerminated('a', shutdown), ['supervisor', normal]]);
    expect(await stopped).toStrictEqual({ value: undefined });
  });

  test('SP19 DS18 gives each child the shutdown time of its spec, and kills it then', async () => {
    const log: unknown[] = [];
    const all = await dynamic(log);
    const how: readonly (readonly [string, ChildOptions['shutdown'], number])[] = [
      ['inTime', 100, 50],
      ['tooSlow', 100, 20_000],
      ['brutal', 'brutalKill', 50],
      ['patient', Infinity, 10_000],
    ];
    for (const [id, shutdown, slowEnd] of how) {
      const options = shutdown === undefined ? {} : { shutdown };
      await logEnd(
        all.system,
        log,
        `end of ${id}`,
        await add(all, { id, log, terminateTime: slowEnd }, options),
      );
    }
    log.length = 0;
    const stopped = outcome(DynamicSupervisor.stop(all.supervisor, shutdown));
    await settle(all.system);
    expect(log).toStrictEqual([['end of brutal', killed]]);
    await advance(all.system, 50);
    expect(log.slice(1)).toStrictEqual([
      hasTerminated('inTime', shutdown),
      ['end of inTime', shutdown],
    ]);
    await advance(all.system, 50);
    expect(log.slice(3)).toStrictEqual([['end of tooSlow', killed]]);
    await advance(all.system, 9899);
    expect(log).toHaveLength(4);
    await advance(all.system, 1);
    expect(log.slice(4)).toStrictEqual([
      hasTerminated('patient', shutdown),
      ['end of patient', shutdown],
      ['supervisor', shutdown],
    ]);
    expect(await stopped).toStrictEqual({ value: undefined });
  });

  test('DS18 waits for a child that ends for a reason of its own, and reports it', async () => {
    const log: unknown[] = [];
    const all = await dynamic(log);
    const own = await add(all, { id: 'own', log, terminateTime: 10 });
    const stopped = outcome(DynamicSupervisor.stop(all.supervisor));
    await settle(all.system);
    exit(all.system, own, kill);
    expect(await stopped).toStrictEqual({ value: undefined });
    expect(all.system.reports.map(({ message }) => message)).toStrictEqual([
      `supervisor ${String(all.supervisor)}: child "own" (${String(own)}) shut down: killed`,
    ]);
  });

  test('SP18 with its parent ends all children', async () => {
    const log: unknown[] = [];
    const all = await dynamic(log);
    const pids = [await add(all, { id: 'a', log }), await add(all, { id: 'b', log, traps: false })];
    exit(all.system, all.parent.pid, kill);
    await settle(all.system);
    expect(pids.map(isAlive)).toStrictEqual([false, false]);
    expect(log).toStrictEqual([
      hasStarted('a'),
      hasStarted('b'),
      hasTerminated('a', shutdown),
      ['supervisor', killed],
    ]);
  });

  test('SP06 by a kill ends them by their links', async () => {
    const log: unknown[] = [];
    const all = await dynamic(log);
    const a = await add(all, { id: 'a', log });
    exit(all.system, all.supervisor, kill);
    await settle(all.system);
    expect(isAlive(a)).toBe(false);
    expect(log).toStrictEqual([
      hasStarted('a'),
      hasTerminated('a', killed),
      ['supervisor', killed],
    ]);
  });
});

describe('the memory of the supervisor', () => {
  test('SR06 holds no argument of the start of a temporary child', async () => {
    const all = await dynamic([]);
    const held = await (async () => {
      const load = { id: 'a', log: [] };
      const idle = (parent: Process): Promise<Pid> => {
        load.log.length = 0;
        return Agent.startLink(parent, () => 0);
      };
      const spec = childSpec(idle, { id: 'a', restart: 'temporary' });
      await DynamicSupervisor.startChild(all.supervisor, spec);
      return new WeakRef(load);
    })();
    await collectGarbage();
    expect(held.deref()).toBeUndefined();
    expect(await DynamicSupervisor.countChildren(all.supervisor)).toStrictEqual(counts(1, 1));
  });

  test('holds nothing of children that have ended', async () => {
    const all = await dynamic([], { maxRestarts: 1_000_000 });
    for (let round = 0; round < 3; round++) {
      const pids = await Promise.all(
        Array.from({ length: 100 }, () => add(all, { id: 'a', log: [] }, { restart: 'temporary' })),
      );
      for (const pid of pids) {
        exit(all.system, pid, kill);
      }
      await settle(all.system);
    }
    expect(await DynamicSupervisor.countChildren(all.supervisor)).toStrictEqual(counts(0, 0));
  });
});
