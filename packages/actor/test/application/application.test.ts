import { describe, expect, test } from '@jest/globals';
import {
  Agent,
  Application,
  crash,
  ExitError,
  type ExitReason,
  GenServer,
  isAlive,
  kill,
  killed,
  exit,
  normal,
  type Pid,
  type Process,
  processes,
  shutdown,
  Supervisor,
  type System,
} from '@reprise/actor';
import { advance, createTestSystem, settle, type TestSystem } from '@reprise/actor/testing';

import { cellOf } from '../../src/process/cell.ts';
import { logOutcome, outcome } from '../support/outcome.ts';
import { forever } from '../support/processes.ts';
import {
  crashed,
  child,
  refusal,
  hasStarted,
  startSupervisor,
  hasTerminated,
  type Worker,
  worker,
  workers,
} from '../support/tree.ts';

/**
 * An application that logs its callbacks. By default its supervisor has one worker, `a`.
 */
function app(
  log: unknown[],
  name: string,
  {
    needs = [],
    begin = (self) => startSupervisor(self, workers(log, name)),
  }: {
    readonly needs?: readonly Application.Application[];
    readonly begin?: (self: Process) => Promise<Pid>;
  } = {},
): Application.Application {
  return Application.define({
    name,
    applications: needs,
    start: async (self) => ({ pid: await begin(self), state: [name] }),
    prepStop: (state) => {
      log.push(['prepStop', ...state]);
      return [...state, 'prepared'];
    },
    stop: (state) => {
      log.push(['stop', ...state]);
    },
  });
}

const stopped = (name: string): readonly unknown[] => [
  ['prepStop', name],
  hasTerminated(name, shutdown),
  ['stop', name, 'prepared'],
];

const ended = (system: System): Promise<unknown> =>
  Promise.race([system.whenExited, settle(system).then(() => 'running')]);

const reportsOf = (system: TestSystem): readonly string[] =>
  system.reports.map(({ message }) => message);

/** An application whose top process is a worker. */
const lone = (log: unknown[], name: string): Application.Application =>
  app(log, name, {
    begin: async (self) => (await GenServer.startLink(self, worker, { id: name, log })) as Pid,
  });

async function endTop(system: System, top: Pid, reason: ExitReason): Promise<void> {
  if (reason === kill) {
    exit(system, top, kill);
  } else {
    GenServer.cast(top as Worker, 'end', reason);
  }
  await settle(system);
}

describe('applications', () => {
  test('SD01, SD02 are stopped with the system in the reverse order of their start', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    for (const name of ['x1', 'x2', 'x3']) {
      await Application.start(system, app(log, name));
    }
    expect(log).toStrictEqual([hasStarted('x1'), hasStarted('x2'), hasStarted('x3')]);
    log.length = 0;
    await system.stop();
    expect(log).toStrictEqual(['x3', 'x2', 'x1'].flatMap(stopped));
  });

  test('SD02 prepStop, then the children in reverse, then the supervisor, then stop', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const web = app(log, 'web', {
      begin: (self) =>
        startSupervisor(self, [...workers(log, 'a'), child({ id: 'b', log, terminateTime: 10 })]),
    });
    const top = await Application.start(system, web);
    log.length = 0;
    logOutcome(log, 'stopped', Application.stop(system, web));
    await advance(system, 9);
    expect(log).toStrictEqual([['prepStop', 'web']]);
    expect(isAlive(top)).toBe(true);
    await advance(system, 1);
    expect(log).toStrictEqual([
      ['prepStop', 'web'],
      hasTerminated('b', shutdown),
      hasTerminated('a', shutdown),
      ['stop', 'web', 'prepared'],
      ['stopped', { value: undefined }],
    ]);
    expect(isAlive(top)).toBe(false);
    expect(isAlive(system.pid)).toBe(true);
  });

  test('SD02 a start that hangs holds up the stop, until the limit of the system ends both', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const web = app(log, 'web', { begin: forever });
    logOutcome(log, 'started', Application.start(system, web));
    await settle(system);
    logOutcome(log, 'stopped', Application.stop(system, web));
    await advance(system, 3_600_000);
    expect(log).toStrictEqual([]);
    const ended = system.stop({ timeout: 100 });
    await advance(system, 100);
    await ended;
    expect(log).toStrictEqual([
      ['stopped', { exit: killed }],
      ['started', { exit: killed }],
    ]);
  });

  test('SD02 may have callbacks that wait or fail: a failure is reported, and the stop goes on', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const web = Application.define({
      name: 'web',
      start: async (self) => ({ pid: await startSupervisor(self, workers(log, 'a')), state: 7 }),
      prepStop: async (state) => {
        await Promise.resolve();
        throw new Error(`not ready ${state}`);
      },
      stop: (state) => {
        log.push(['stop', state]);
        throw new Error('jammed');
      },
    });
    await Application.start(system, web);
    await Application.stop(system, web);
    expect(log).toStrictEqual([hasStarted('a'), hasTerminated('a', shutdown), ['stop', 7]]);
    expect(reportsOf(system)).toStrictEqual([
      'application web: prepStop failed: Error: not ready 7',
      'application web: stop failed: Error: jammed',
    ]);
  });

  test('need no state, and no callbacks', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const web = Application.define({
      name: 'web',
      start: (self) => startSupervisor(self, workers(log, 'a')),
    });
    const top = await Application.start(system, web);
    expect(Supervisor.tree(top).children).toHaveLength(1);
    await Application.stop(system, web);
    expect(log).toStrictEqual([hasStarted('a'), hasTerminated('a', shutdown)]);
    expect(processes(system)).toStrictEqual([system.pid]);
  });

  test('SD03 are not started before the applications that they need', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const b1 = app(log, 'b1');
    const b2 = app(log, 'b2', { needs: [b1] });
    expect(await outcome(Application.start(system, b2))).toStrictEqual({
      exit: { type: 'notStarted', application: 'b1' },
    });
    expect(log).toStrictEqual([]);
    await Application.start(system, b1);
    await Application.start(system, b2);
    expect(log).toStrictEqual([hasStarted('b1'), hasStarted('b2')]);
  });

  test('SD03 are not started while an application that they need is still starting', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const b1 = app(log, 'b1', {
      begin: (self) => startSupervisor(self, [child({ id: 'b1', log, initTime: 10 })]),
    });
    const b2 = app(log, 'b2', { needs: [b1] });
    const starting = Application.start(system, b1);
    expect(await outcome(Application.start(system, b2))).toStrictEqual({
      exit: { type: 'notStarted', application: 'b1' },
    });
    await advance(system, 10);
    await starting;
    await Application.start(system, b2);
    expect(log).toStrictEqual([hasStarted('b1'), hasStarted('b2')]);
  });

  test('SD04 ensureAllStarted starts the applications that they need, in order, and once', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const b0 = app(log, 'b0');
    const b1 = app(log, 'b1', { needs: [b0] });
    const b2 = app(log, 'b2', { needs: [b0] });
    const b3 = app(log, 'b3', { needs: [b1, b2] });
    expect(await Application.ensureAllStarted(system, b3)).toStrictEqual(['b0', 'b1', 'b2', 'b3']);
    expect(log).toStrictEqual([
      hasStarted('b0'),
      hasStarted('b1'),
      hasStarted('b2'),
      hasStarted('b3'),
    ]);
    expect(await Application.ensureAllStarted(system, b3)).toStrictEqual([]);
    expect(log).toHaveLength(4);
  });

  test('SD04 ensureAllStarted visits each application once, however many need it', async () => {
    const system = createTestSystem();
    let [left, right] = [app([], 'left 0'), app([], 'right 0')];
    for (let level = 1; level <= 40; level++) {
      const needs = [left, right];
      [left, right] = [app([], `left ${level}`, { needs }), app([], `right ${level}`, { needs })];
    }
    expect(await Application.ensureAllStarted(system, left)).toHaveLength(81);
    await system.stop();
  });

  test('SD04 ensureAllStarted of an application that is being started waits for that start', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const slow = app(log, 'slow', {
      begin: (self) => startSupervisor(self, [child({ id: 'slow', log, initTime: 100 })]),
    });
    const needy = app(log, 'needy', { needs: [slow] });
    void Application.start(system, slow);
    logOutcome(log, 'all', Application.ensureAllStarted(system, needy));
    await advance(system, 99);
    expect(log).toStrictEqual([]);
    await advance(system, 1);
    expect(log).toStrictEqual([
      hasStarted('slow'),
      hasStarted('needy'),
      ['all', { value: ['needy'] }],
    ]);
  });

  test('SD04 ensureAllStarted that fails stops only the applications that it has started', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const b0 = app(log, 'b0');
    const b1 = app(log, 'b1', { needs: [b0] });
    const b2 = app(log, 'b2', { needs: [b1] });
    const b3 = app(log, 'b3', { needs: [b2], begin: () => Promise.reject(new ExitError(refusal)) });
    await Application.start(system, b0);
    expect(await outcome(Application.ensureAllStarted(system, b3))).toStrictEqual({
      exit: refusal,
    });
    expect(log).toStrictEqual([
      hasStarted('b0'),
      hasStarted('b1'),
      hasStarted('b2'),
      ...stopped('b2'),
      ...stopped('b1'),
    ]);
  });

  test('SD04 ensureAllStarted rejects with the failure, even if an application that it started has ended since', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const tops: Pid[] = [];
    const b1 = app(log, 'b1', {
      begin: async (self) => {
        const pid = await Agent.startLink(self, () => 0);
        tops.push(pid);
        return pid;
      },
    });
    const b2 = app(log, 'b2', {
      needs: [b1],
      begin: async (self) => {
        tops.forEach((top) => exit(self, top, kill));
        await settle(system);
        throw new ExitError(refusal);
      },
    });
    expect(await outcome(Application.ensureAllStarted(system, b2))).toStrictEqual({
      exit: refusal,
    });
    expect(processes(system)).toStrictEqual([system.pid]);
  });

  const oops = new Error('oops');
  test.each<readonly [string, () => Promise<never>, ExitReason]>([
    ['rejects with an ExitError', () => Promise.reject(new ExitError(refusal)), refusal],
    ['rejects with an error', () => Promise.reject(oops), crash(oops)],
    [
      'throws',
      () => {
        throw oops;
      },
      crash(oops),
    ],
    [
      'gives no pid',
      () => Promise.resolve(undefined as never),
      { type: 'badReturnValue', value: { pid: undefined, state: ['web'] } },
    ],
  ])('SD05 whose start %s fail with that', async (_how, begin, reason) => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const web = app(log, 'web', { begin });
    expect(await outcome(Application.start(system, web))).toStrictEqual({ exit: reason });
    expect(log).toStrictEqual([]);
    expect(processes(system)).toStrictEqual([system.pid]);
    // The name is free: it can be tried again.
    expect(await outcome(Application.start(system, web))).toStrictEqual({ exit: reason });
  });

  test('SD05 whose start fails half-way leave nothing running', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const web = app(log, 'web', {
      begin: async (self) => {
        await startSupervisor(self, workers(log, 'a'));
        await Agent.startLink(self, () => 0);
        throw new ExitError(refusal);
      },
    });
    expect(await outcome(Application.start(system, web))).toStrictEqual({ exit: refusal });
    await settle(system);
    expect(processes(system)).toStrictEqual([system.pid]);
    expect(log).toStrictEqual([hasStarted('a'), hasTerminated('a', shutdown)]);
  });

  test('SD06 are not started twice, nor stopped twice', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const web = app(log, 'web');
    await Application.start(system, web);
    expect(await outcome(Application.start(system, web))).toStrictEqual({
      exit: { type: 'alreadyStarted', pid: expect.anything() },
    });
    await Application.stop(system, web);
    expect(await outcome(Application.stop(system, web))).toStrictEqual({
      exit: { type: 'notStarted', application: 'web' },
    });
    expect(log).toStrictEqual([hasStarted('web'), ...stopped('web')]);
    await Application.start(system, web);
    expect(log.at(-1)).toStrictEqual(hasStarted('web'));
  });

  test.each<unknown>([undefined, '', 5])('need a name, not %p', (name) => {
    const definition = { name, start: () => forever() };
    expect(() => Application.define(definition as never)).toThrow(TypeError);
    expect(() => Application.define(definition as never)).toThrow(
      /^Expected an application to have a name, got /,
    );
  });

  test('have callbacks that take the state that start gives', () => {
    const begin = async (
      self: Process,
    ): Promise<{ readonly pid: Pid; readonly state: number }> => ({
      pid: await Agent.startLink(self, () => 0),
      state: 7,
    });
    const definition = { name: 'typed', start: begin };
    expect(Application.define({ ...definition, stop: (state) => void state.toFixed() }).name).toBe(
      'typed',
    );
    // @ts-expect-error: the state is a number
    Application.define({ ...definition, stop: (state: string) => void state });
    // @ts-expect-error: another state than that of stop
    Application.define({ ...definition, prepStop: () => 'seven' });
  });

  test('need a start', () => {
    expect(() => Application.define({ name: 'web' } as never)).toThrow(
      new TypeError(
        'Expected start of application web to be a function (self) => Promise<Pid>, got undefined',
      ),
    );
  });
});

describe('the end of the top process', () => {
  test.each([normal, shutdown, crashed])(
    'SD07 of a temporary application is reported, and changes nothing for others: $type',
    async (reason) => {
      const system = createTestSystem();
      const log: unknown[] = [];
      await Application.start(system, app(log, 'other'), 'permanent');
      const web = lone(log, 'web');
      const top = await Application.start(system, web, 'temporary');
      log.length = 0;
      await endTop(system, top, reason);
      expect(log).toStrictEqual([hasTerminated('web', reason), ['stop', 'web']]);
      expect(await ended(system)).toBe('running');
      expect(reportsOf(system).filter((text) => text.startsWith('application'))).toHaveLength(1);
      expect(reportsOf(system).at(-1)).toMatch(/^application web ended: /);
      await Application.start(system, web);
    },
  );

  test.each([normal, shutdown, crashed])(
    'SD08 of a permanent application ends the system, in order: $type',
    async (reason) => {
      const system = createTestSystem();
      const log: unknown[] = [];
      await Application.start(system, app(log, 'x1'));
      const top = await Application.start(system, lone(log, 'web'), 'permanent');
      await Application.start(system, app(log, 'x2'));
      log.length = 0;
      await endTop(system, top, reason);
      expect(log).toStrictEqual([
        hasTerminated('web', reason),
        ['stop', 'web'],
        ...stopped('x2'),
        ...stopped('x1'),
      ]);
      expect(await ended(system)).toStrictEqual(reason);
      expect(reportsOf(system)).toContainEqual(
        expect.stringMatching(/^application web ended: it is permanent, the system stops: /),
      );
    },
  );

  test.each<readonly [ExitReason, boolean]>([
    [normal, false],
    [shutdown, true],
    [crashed, true],
    [kill, true],
  ])('SD09 of a transient application with $type ends the system: %p', async (reason, isEnd) => {
    const system = createTestSystem();
    const log: unknown[] = [];
    await Application.start(system, app(log, 'x1'));
    const top = await Application.start(system, lone(log, 'web'), 'transient');
    log.length = 0;
    await endTop(system, top, reason);
    const first = reason === kill ? [] : [hasTerminated('web', reason)];
    expect(log).toStrictEqual([...first, ['stop', 'web'], ...(isEnd ? stopped('x1') : [])]);
    const why = reason === kill ? killed : reason;
    expect(await ended(system)).toStrictEqual(isEnd ? why : 'running');
  });

  test('SD08 is not begun by an exit signal of the top process, which runs on', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    let self: Process | undefined;
    const web = Application.define({
      name: 'web',
      start: (master) => {
        self = master;
        return startSupervisor(master, workers(log, 'a'));
      },
    });
    const top = await Application.start(system, web, 'permanent');
    exit(cellOf(top), (self as Process).pid, crashed);
    expect(await ended(system)).toBe('running');
    expect(isAlive(top)).toBe(true);
  });

  test('SD08 of a supervisor that gave up ends the system', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    let top: Supervisor.Pid | undefined;
    const web = Application.define({
      name: 'web',
      start: async (self) =>
        (top = await startSupervisor(self, workers(log, 'a'), { maxRestarts: 0 })),
    });
    await Application.start(system, web, 'permanent');
    exit(system, Supervisor.child(top as Supervisor.Pid, 'a'), kill);
    expect(await ended(system)).toStrictEqual(shutdown);
  });

  test('a permanent application that is stopped on request ends nothing else', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const web = app(log, 'web');
    await Application.start(system, web, 'permanent');
    await Application.stop(system, web);
    expect(await ended(system)).toBe('running');
  });
});

describe('the stop of the system', () => {
  test('SD10 asked for twice happens once', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    await Application.start(system, app(log, 'x1'));
    await Application.start(system, app(log, 'x2'));
    log.length = 0;
    await Promise.all([system.stop(), system.stop(), settle(system).then(() => system.stop())]);
    expect(log).toStrictEqual(['x2', 'x1'].flatMap(stopped));
  });

  test('SD11 waits for a child that never ends, without limit', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    await Application.start(system, app(log, 'x1'));
    const endless = child({ id: 'endless', log, terminateTime: Infinity }, { shutdown: Infinity });
    await Application.start(
      system,
      app(log, 'x2', { begin: (self) => startSupervisor(self, [endless]) }),
    );
    log.length = 0;
    logOutcome(log, 'stopped', system.stop());
    await advance(system, 1e9);
    expect(log).toStrictEqual([['prepStop', 'x2']]);
  });

  test('SD11 with a timeout kills it, and all other processes that are left', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    await Application.start(system, app(log, 'x1'));
    const endless = child({ id: 'endless', log, terminateTime: Infinity }, { shutdown: Infinity });
    await Application.start(
      system,
      app(log, 'x2', { begin: (self) => startSupervisor(self, [endless]) }),
    );
    log.length = 0;
    logOutcome(log, 'stopped', system.stop({ timeout: 1000 }));
    await advance(system, 999);
    expect(log).toStrictEqual([['prepStop', 'x2']]);
    await advance(system, 1);
    expect(log.at(-1)).toStrictEqual(['stopped', { value: undefined }]);
    expect(processes(system)).toStrictEqual([]);
  });

  test('resolves whenExited with the reason of the stop', async () => {
    const system = createTestSystem();
    await system.stop({ reason: crashed });
    expect(await system.whenExited).toStrictEqual(crashed);
    expect(reportsOf(system)).toStrictEqual(['system exited']);
    expect(() => system.stop({ reason: 'bye' as never })).toThrow(TypeError);
  });
});

test('two systems run the same application side by side', async () => {
  const log: unknown[] = [];
  const [one, two] = [createTestSystem(), createTestSystem()];
  const web = app(log, 'web');
  const tops = [await Application.start(one, web), await Application.start(two, web)];
  await one.stop();
  expect(tops.map(isAlive)).toStrictEqual([false, true]);
  expect(log).toStrictEqual([hasStarted('web'), hasStarted('web'), ...stopped('web')]);
});
