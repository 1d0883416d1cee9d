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
  boom,
  child,
  end,
  fails,
  type Family,
  family,
  type Options,
  s,
  start,
  states,
  sub,
  subOf,
  t,
  workers,
} from '../support/family.ts';

const any: Options = { autoShutdown: 'anySignificant' };
const all: Options = { autoShutdown: 'allSignificant' };

const significant = (
  log: unknown[],
  id: string,
  restart: 'transient' | 'temporary' = 'transient',
): ChildSpec => child({ id, log }, { restart, significant: true });

/** What the end with `reason` logs: a process that is killed says nothing. */
const ended = (id: string, reason: ExitReason): readonly unknown[] =>
  reason === kill ? [] : [t(id, reason)];

describe('anySignificant', () => {
  test.each([normal, shutdown, shutdownWith('detail')])(
    'AS01 ends the supervisor when a transient significant child ends with $type',
    async (reason) => {
      const log: unknown[] = [];
      const tree = await family(
        log,
        [...workers(log, 'a'), significant(log, 'b'), ...workers(log, 'c')],
        any,
      );
      log.length = 0;
      await end(tree, 'b', reason);
      expect(log).toStrictEqual([
        t('b', reason),
        t('c', shutdown),
        t('a', shutdown),
        ['sup', shutdown],
      ]);
    },
  );

  test.each([boom, kill])(
    'AS02 restarts a transient significant child that ends with $type',
    async (reason) => {
      const log: unknown[] = [];
      const tree = await family(log, [...workers(log, 'a'), significant(log, 'b')], any);
      log.length = 0;
      await end(tree, 'b', reason);
      expect(log).toStrictEqual([...ended('b', reason), s('b')]);
      expect(isAlive(tree.supervisor)).toBe(true);
    },
  );

  test.each([normal, shutdown, boom, kill])(
    'AS03 ends the supervisor when a temporary significant child ends with $type',
    async (reason) => {
      const log: unknown[] = [];
      const tree = await family(
        log,
        [...workers(log, 'a'), significant(log, 'b', 'temporary'), ...workers(log, 'c')],
        any,
      );
      log.length = 0;
      await end(tree, 'b', reason);
      expect(log).toStrictEqual([
        ...ended('b', reason),
        t('c', shutdown),
        t('a', shutdown),
        ['sup', shutdown],
      ]);
    },
  );
});

describe('allSignificant', () => {
  test('AS04 ends the supervisor with the last significant child', async () => {
    const log: unknown[] = [];
    const tree = await family(
      log,
      [significant(log, 'a'), significant(log, 'b'), ...workers(log, 'c')],
      all,
    );
    log.length = 0;
    await end(tree, 'a', normal);
    expect(log).toStrictEqual([t('a', normal)]);
    await end(tree, 'b', shutdown);
    expect(log).toStrictEqual([
      t('a', normal),
      t('b', shutdown),
      t('c', shutdown),
      ['sup', shutdown],
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
    const tree = await family(log, [delayed, significant(log, 'b')], all);
    log.length = 0;
    await end(tree, 'a');
    await end(tree, 'b', normal);
    expect(log).toStrictEqual([t('a', boom), t('b', normal)]);
    expect(await states(tree.supervisor)).toStrictEqual([
      ['a', 'restarting'],
      ['b', 'undefined'],
    ]);
  });

  test('AS06 does not count one that was terminated by request as alive', async () => {
    const log: unknown[] = [];
    const tree = await family(log, [significant(log, 'a'), significant(log, 'b')], all);
    log.length = 0;
    await Supervisor.terminateChild(tree.supervisor, 'a');
    expect(log).toStrictEqual([t('a', shutdown)]);
    await end(tree, 'b', normal);
    expect(log).toStrictEqual([t('a', shutdown), t('b', normal), ['sup', shutdown]]);
  });
});

test.each([any, all])('AS05 $autoShutdown is not caused by terminateChild', async (options) => {
  const log: unknown[] = [];
  const tree = await family(log, [significant(log, 'a'), ...workers(log, 'b')], options);
  log.length = 0;
  expect(await Supervisor.terminateChild(tree.supervisor, 'a')).toBe('ok');
  await settle(tree.system);
  expect(log).toStrictEqual([t('a', shutdown)]);
  expect(isAlive(tree.supervisor)).toBe(true);
});

const modes = ['never', 'anySignificant', 'allSignificant'] as const;
const insignificant = modes.flatMap((autoShutdown) =>
  (['transient', 'temporary'] as const).flatMap((restart) =>
    [normal, shutdown, boom, kill].map((reason) => ({
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
    const tree = await family(log, children, { autoShutdown });
    log.length = 0;
    await end(tree, 'a', reason);
    const isRestarted = restart === 'transient' && (reason === boom || reason === kill);
    expect(log).toStrictEqual([...ended('a', reason), ...(isRestarted ? [s('a')] : [])]);
    expect(isAlive(tree.supervisor)).toBe(true);
  },
);

describe('what does not go together', () => {
  const never = new TypeError(
    'Expected autoShutdown to be "anySignificant" or "allSignificant" for the significant child "a" (string), got "never" (string)',
  );
  const permanent = new TypeError(
    'Expected the significant child "a" (string) to be transient or temporary, got "permanent" (string)',
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

  test.each(table)('%s %s is refused at the start', async (_row, _what, options, spec, error) => {
    const log: unknown[] = [];
    const a = child({ id: 'a', log }, { ...spec, significant: true });
    const started = start(createTestSystem(), [...workers(log, 'z'), a], options);
    const caught = await started.catch((thrown: unknown) => thrown);
    expect(caught).toStrictEqual(error);
    expect(caught).toBeInstanceOf(TypeError);
    expect(log).toStrictEqual([]);
  });

  test.each(table)('%s %s is refused by startChild', async (_row, _what, options, spec, error) => {
    const log: unknown[] = [];
    const { supervisor } = await family(log, workers(log, 'z'), options);
    const a = child({ id: 'a', log }, { ...spec, significant: true });
    const caught = await Supervisor.startChild(supervisor, a).catch((thrown: unknown) => thrown);
    expect(caught).toStrictEqual(error);
    expect(caught).toBeInstanceOf(TypeError);
    expect(log).toStrictEqual([s('z')]);
    expect(await states(supervisor)).toStrictEqual([['z', 'runs']]);
  });

  test('AS10 an unknown autoShutdown is refused', async () => {
    const caught = await start(createTestSystem(), [], { autoShutdown: 'foo' as never }).catch(
      (thrown: unknown) => thrown,
    );
    expect(caught).toStrictEqual(
      new TypeError(
        `Expected autoShutdown to be 'never' or 'anySignificant' or 'allSignificant', got "foo" (string)`,
      ),
    );
  });

  test('AS11 a significant that is no boolean is refused at the start', async () => {
    const a = { ...child({ id: 'a', log: [] }), significant: 'yes' as never };
    const caught = await start(createTestSystem(), [a]).catch((thrown: unknown) => thrown);
    expect(caught).toStrictEqual(
      new TypeError(
        'Expected significant of child "a" (string) to be true or false, got "yes" (string)',
      ),
    );
  });
});

test.each(['oneForAll', 'restForOne'] as const)(
  'AS13 the restart of a group by %s ends significant siblings without ending the supervisor',
  async (strategy) => {
    const log: unknown[] = [];
    const children = [...workers(log, 'a'), significant(log, 'b'), significant(log, 'c')];
    const tree = await family(log, children, { ...any, strategy });
    log.length = 0;
    await end(tree, 'a');
    expect(log).toStrictEqual([
      t('a', boom),
      t('c', shutdown),
      t('b', shutdown),
      s('a'),
      s('b'),
      s('c'),
    ]);
    expect(isAlive(tree.supervisor)).toBe(true);
  },
);

test('AS13 a temporary significant sibling is forgotten by it, and the supervisor lives', async () => {
  const log: unknown[] = [];
  const children = [...workers(log, 'a'), significant(log, 'b', 'temporary')];
  const tree = await family(log, children, { ...any, strategy: 'oneForAll' });
  log.length = 0;
  await end(tree, 'a');
  expect(log).toStrictEqual([t('a', boom), t('b', shutdown), s('a')]);
  expect(await states(tree.supervisor)).toStrictEqual([['a', 'runs']]);
});

describe('a supervisor that ends with its significant child', () => {
  async function nested(log: unknown[], spec: Partial<ChildOptions>): Promise<Family> {
    const inner = sub('sub', [significant(log, 'x'), ...workers(log, 'y')], { ...any, ...spec });
    const tree = await family(log, [...workers(log, 'a'), inner, ...workers(log, 'z')], any);
    log.length = 0;
    return tree;
  }

  const endX = (tree: Family): Promise<void> =>
    end({ system: tree.system, supervisor: subOf(tree.supervisor, 'sub') }, 'x', normal);

  test('AS14 ends the one above when it is significant itself', async () => {
    const log: unknown[] = [];
    const tree = await nested(log, { restart: 'transient', significant: true });
    await endX(tree);
    expect(log).toStrictEqual([
      t('x', normal),
      t('y', shutdown),
      t('z', shutdown),
      t('a', shutdown),
      ['sup', shutdown],
    ]);
  });

  test('AS15 leaves the one above alone when it is not', async () => {
    const log: unknown[] = [];
    const tree = await nested(log, { restart: 'transient' });
    await endX(tree);
    expect(log).toStrictEqual([t('x', normal), t('y', shutdown)]);
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
    expect(log).toStrictEqual([t('x', normal), t('y', shutdown), s('x'), s('y')]);
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
  const tree = await family(log, [spec, ...workers(log, 'b')], any);
  log.length = 0;
  await end(tree, 'a');
  expect(log).toStrictEqual([t('a', boom), fails('a')]);
  expect(await states(tree.supervisor)).toStrictEqual([
    ['a', 'undefined'],
    ['b', 'runs'],
  ]);
});

test('AS05 the shutdown of the supervisor itself is one, whatever its significant children do', async () => {
  const log: unknown[] = [];
  const tree = await family(log, [significant(log, 'a'), significant(log, 'b')], any);
  log.length = 0;
  await Supervisor.stop(tree.supervisor);
  await settle(tree.system);
  expect(log).toStrictEqual([t('b', shutdown), t('a', shutdown), ['sup', normal]]);
});
