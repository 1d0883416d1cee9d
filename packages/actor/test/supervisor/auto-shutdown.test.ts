import { describe, expect, test } from '@jest/globals';
import {
  type ChildOptions,
  type ChildSpec,
  type ExitReason,
  formatReason,
  isAlive,
  kill,
  normal,
  shutdown,
  shutdownWith,
  Supervisor,
} from '@reprise/actor';
import { createTestSystem, settle } from '@reprise/actor/testing';

import {
  crashed,
  child,
  end,
  hasFailed,
  type Tree,
  startTree,
  type Options,
  hasStarted,
  startSupervisor,
  states,
  subSupervisor,
  subSupervisorOf,
  hasTerminated,
  workers,
} from '../support/tree.ts';

const any: Options = { autoShutdown: 'anySignificant' };
const all: Options = { autoShutdown: 'allSignificant' };

const significant = (
  log: unknown[],
  id: string,
  restart: 'transient' | 'temporary' = 'transient',
): ChildSpec => child({ id, log }, { restart, significant: true });

/** The log entries of an end with `reason`: a process that is killed logs nothing. */
const ended = (id: string, reason: ExitReason): readonly unknown[] =>
  reason === kill ? [] : [hasTerminated(id, reason)];

describe('anySignificant', () => {
  test.each([normal, shutdown, shutdownWith('detail')])(
    'AS01 ends the supervisor when a transient significant child ends with $type',
    async (reason) => {
      const log: unknown[] = [];
      const tree = await startTree(
        log,
        [...workers(log, 'a'), significant(log, 'b'), ...workers(log, 'c')],
        any,
      );
      log.length = 0;
      await end(tree, 'b', reason);
      expect(log).toStrictEqual([
        hasTerminated('b', reason),
        hasTerminated('c', shutdown),
        hasTerminated('a', shutdown),
        ['supervisor', shutdown],
      ]);
    },
  );

  test.each([crashed, kill])(
    'AS02 restarts a transient significant child that ends with $type',
    async (reason) => {
      const log: unknown[] = [];
      const tree = await startTree(log, [...workers(log, 'a'), significant(log, 'b')], any);
      log.length = 0;
      await end(tree, 'b', reason);
      expect(log).toStrictEqual([...ended('b', reason), hasStarted('b')]);
      expect(isAlive(tree.supervisor)).toBe(true);
    },
  );

  test.each([normal, shutdown, crashed, kill])(
    'AS03 ends the supervisor when a temporary significant child ends with $type',
    async (reason) => {
      const log: unknown[] = [];
      const tree = await startTree(
        log,
        [...workers(log, 'a'), significant(log, 'b', 'temporary'), ...workers(log, 'c')],
        any,
      );
      log.length = 0;
      await end(tree, 'b', reason);
      expect(log).toStrictEqual([
        ...ended('b', reason),
        hasTerminated('c', shutdown),
        hasTerminated('a', shutdown),
        ['supervisor', shutdown],
      ]);
    },
  );
});

describe('allSignificant', () => {
  test('AS04 ends the supervisor with the last significant child', async () => {
    const log: unknown[] = [];
    const tree = await startTree(
      log,
      [significant(log, 'a'), significant(log, 'b'), ...workers(log, 'c')],
      all,
    );
    log.length = 0;
    await end(tree, 'a', normal);
    expect(log).toStrictEqual([hasTerminated('a', normal)]);
    await end(tree, 'b', shutdown);
    expect(log).toStrictEqual([
      hasTerminated('a', normal),
      hasTerminated('b', shutdown),
      hasTerminated('c', shutdown),
      ['supervisor', shutdown],
    ]);
  });

  test('AS04 waits for one that is being restarted', async () => {
    const log: unknown[] = [];
    const delayed = child(
      { id: 'a', log },
      {
        restart: 'transient',
        significant: true,
        restartDelay: { minDelay: 100, maxDelay: 100, healthyAfter: 0 },
      },
    );
    const tree = await startTree(log, [delayed, significant(log, 'b')], all);
    log.length = 0;
    await end(tree, 'a');
    await end(tree, 'b', normal);
    expect(log).toStrictEqual([hasTerminated('a', crashed), hasTerminated('b', normal)]);
    expect(await states(tree.supervisor)).toStrictEqual([
      ['a', 'restarting'],
      ['b', 'undefined'],
    ]);
  });

  test('AS06 does not count one that was terminated by request as alive', async () => {
    const log: unknown[] = [];
    const tree = await startTree(log, [significant(log, 'a'), significant(log, 'b')], all);
    log.length = 0;
    await Supervisor.terminateChild(tree.supervisor, 'a');
    expect(log).toStrictEqual([hasTerminated('a', shutdown)]);
    await end(tree, 'b', normal);
    expect(log).toStrictEqual([
      hasTerminated('a', shutdown),
      hasTerminated('b', normal),
      ['supervisor', shutdown],
    ]);
  });
});

test.each([any, all])('AS05 $autoShutdown is not caused by terminateChild', async (options) => {
  const log: unknown[] = [];
  const tree = await startTree(log, [significant(log, 'a'), ...workers(log, 'b')], options);
  log.length = 0;
  expect(await Supervisor.terminateChild(tree.supervisor, 'a')).toBe('ok');
  await settle(tree.system);
  expect(log).toStrictEqual([hasTerminated('a', shutdown)]);
  expect(isAlive(tree.supervisor)).toBe(true);
});

const modes = ['never', 'anySignificant', 'allSignificant'] as const;
const insignificant = modes.flatMap((autoShutdown) =>
  (['transient', 'temporary'] as const).flatMap((restart) =>
    [normal, shutdown, crashed, kill].map((reason) => ({
      autoShutdown,
      restart,
      reason,
      why: formatReason(reason),
    })),
  ),
);
test.each(insignificant)(
  'AS07 $autoShutdown is not caused by the end of a $restart child that is not significant, $why',
  async ({ autoShutdown, restart, reason }) => {
    const log: unknown[] = [];
    const children = [child({ id: 'a', log }, { restart }), ...workers(log, 'b')];
    const tree = await startTree(log, children, { autoShutdown });
    log.length = 0;
    await end(tree, 'a', reason);
    const isRestarted = restart === 'transient' && (reason === crashed || reason === kill);
    expect(log).toStrictEqual([...ended('a', reason), ...(isRestarted ? [hasStarted('a')] : [])]);
    expect(isAlive(tree.supervisor)).toBe(true);
  },
);

describe('a contradiction in the options', () => {
  const never = new TypeError(
    'Expected autoShutdown to be "anySignificant" or "allSignificant" for the significant child "a", got "never"',
  );
  const permanent = new TypeError(
    'Expected the significant child "a" to be transient or temporary, got "permanent"',
  );
  const table: readonly (readonly [string, string, Options, Partial<ChildOptions>, Error])[] = [
    [
      'AS08',
      'a significant child where there is no automatic shutdown',
      {},
      { restart: 'transient' },
      never,
    ],
    ['AS09', 'a permanent significant child', any, { restart: 'permanent' }, permanent],
  ];

  test.each(table)('%s %s is refused at the start', async (_row, _case, options, spec, error) => {
    const log: unknown[] = [];
    const a = child({ id: 'a', log }, { ...spec, significant: true });
    const started = startSupervisor(createTestSystem(), [...workers(log, 'z'), a], options);
    const caught = await started.catch((thrown: unknown) => thrown);
    expect(caught).toStrictEqual(error);
    expect(caught).toBeInstanceOf(TypeError);
    expect(log).toStrictEqual([]);
  });

  test.each(table)('%s %s is refused by startChild', async (_row, _case, options, spec, error) => {
    const log: unknown[] = [];
    const { supervisor } = await startTree(log, workers(log, 'z'), options);
    const a = child({ id: 'a', log }, { ...spec, significant: true });
    const caught = await Supervisor.startChild(supervisor, a).catch((thrown: unknown) => thrown);
    expect(caught).toStrictEqual(error);
    expect(caught).toBeInstanceOf(TypeError);
    expect(log).toStrictEqual([hasStarted('z')]);
    expect(await states(supervisor)).toStrictEqual([['z', 'runs']]);
  });

  test('AS10 an unknown autoShutdown is refused', async () => {
    const caught = await startSupervisor(createTestSystem(), [], {
      autoShutdown: 'foo' as never,
    }).catch((thrown: unknown) => thrown);
    expect(caught).toStrictEqual(
      new TypeError(
        `Expected autoShutdown to be "never" or "anySignificant" or "allSignificant", got "foo"`,
      ),
    );
  });

  test('AS11 a significant that is no boolean is refused at the start', async () => {
    const a = { ...child({ id: 'a', log: [] }), significant: 'yes' as never };
    const caught = await startSupervisor(createTestSystem(), [a]).catch(
      (thrown: unknown) => thrown,
    );
    expect(caught).toStrictEqual(
      new TypeError('Expected significant of child "a" to be true or false, got "yes"'),
    );
  });
});

test.each(['oneForAll', 'restForOne'] as const)(
  'AS13 the restart of a group by %s ends significant siblings without ending the supervisor',
  async (strategy) => {
    const log: unknown[] = [];
    const children = [...workers(log, 'a'), significant(log, 'b'), significant(log, 'c')];
    const tree = await startTree(log, children, { ...any, strategy });
    log.length = 0;
    await end(tree, 'a');
    expect(log).toStrictEqual([
      hasTerminated('a', crashed),
      hasTerminated('c', shutdown),
      hasTerminated('b', shutdown),
      hasStarted('a'),
      hasStarted('b'),
      hasStarted('c'),
    ]);
    expect(isAlive(tree.supervisor)).toBe(true);
  },
);

test('AS13 such a restart forgets a temporary significant sibling, and the supervisor runs on', async () => {
  const log: unknown[] = [];
  const children = [...workers(log, 'a'), significant(log, 'b', 'temporary')];
  const tree = await startTree(log, children, { ...any, strategy: 'oneForAll' });
  log.length = 0;
  await end(tree, 'a');
  expect(log).toStrictEqual([
    hasTerminated('a', crashed),
    hasTerminated('b', shutdown),
    hasStarted('a'),
  ]);
  expect(await states(tree.supervisor)).toStrictEqual([['a', 'runs']]);
});

describe('a supervisor that ends with its significant child', () => {
  async function nested(log: unknown[], spec: Partial<ChildOptions>): Promise<Tree> {
    const inner = subSupervisor('sub', [significant(log, 'x'), ...workers(log, 'y')], {
      ...any,
      ...spec,
    });
    const tree = await startTree(log, [...workers(log, 'a'), inner, ...workers(log, 'z')], any);
    log.length = 0;
    return tree;
  }

  const endX = (tree: Tree): Promise<void> =>
    end({ system: tree.system, supervisor: subSupervisorOf(tree.supervisor, 'sub') }, 'x', normal);

  test('AS14 ends the supervisor above it when it is significant itself', async () => {
    const log: unknown[] = [];
    const tree = await nested(log, { restart: 'transient', significant: true });
    await endX(tree);
    expect(log).toStrictEqual([
      hasTerminated('x', normal),
      hasTerminated('y', shutdown),
      hasTerminated('z', shutdown),
      hasTerminated('a', shutdown),
      ['supervisor', shutdown],
    ]);
  });

  test('AS15 leaves the supervisor above it running when it is not', async () => {
    const log: unknown[] = [];
    const tree = await nested(log, { restart: 'transient' });
    await endX(tree);
    expect(log).toStrictEqual([hasTerminated('x', normal), hasTerminated('y', shutdown)]);
    expect(await states(tree.supervisor)).toStrictEqual([
      ['a', 'runs'],
      ['sub', 'undefined'],
      ['z', 'runs'],
    ]);
  });

  test('AS16 is restarted when it is permanent', async () => {
    const log: unknown[] = [];
    const tree = await nested(log, { restart: 'permanent' });
    await endX(tree);
    expect(log).toStrictEqual([
      hasTerminated('x', normal),
      hasTerminated('y', shutdown),
      hasStarted('x'),
      hasStarted('y'),
    ]);
    expect(await states(tree.supervisor)).toStrictEqual([
      ['a', 'runs'],
      ['sub', 'runs'],
      ['z', 'runs'],
    ]);
  });
});

test('AS17 a significant child whose restart answers ignore does not end the supervisor', async () => {
  const log: unknown[] = [];
  const spec = child(
    { id: 'a', log, plan: ['run', 'ignore'] },
    { restart: 'transient', significant: true },
  );
  const tree = await startTree(log, [spec, ...workers(log, 'b')], any);
  log.length = 0;
  await end(tree, 'a');
  expect(log).toStrictEqual([hasTerminated('a', crashed), hasFailed('a')]);
  expect(await states(tree.supervisor)).toStrictEqual([
    ['a', 'undefined'],
    ['b', 'runs'],
  ]);
});

test('AS05 significant children that end during the shutdown do not start another one', async () => {
  const log: unknown[] = [];
  const tree = await startTree(log, [significant(log, 'a'), significant(log, 'b')], any);
  log.length = 0;
  await Supervisor.stop(tree.supervisor);
  await settle(tree.system);
  expect(log).toStrictEqual([
    hasTerminated('b', shutdown),
    hasTerminated('a', shutdown),
    ['supervisor', normal],
  ]);
});
