import { describe, expect, jest, test } from '@jest/globals';
import {
  type ChildSpec,
  childSpec,
  exit,
  GenServer,
  isAlive,
  kill,
  normal,
  shutdown,
  Supervisor,
} from '@reprise/actor';
import { advance, settle } from '@reprise/actor/testing';
import * as fc from 'fast-check';

import { type Backoff, backoffDelay, restartDelay } from '../../src/backoff.ts';
import { outcome } from '../support/outcome.ts';
import {
  crashed,
  child,
  end,
  hasFailed,
  type Tree,
  startTree,
  refusal,
  type Options,
  workerOf,
  hasStarted,
  states,
  hasTerminated,
  worker,
  workers,
} from '../support/tree.ts';

/** Without jitter: the whole of the delay. */
const whole = (): void => void jest.spyOn(Math, 'random').mockReturnValue(1);

const delay: Backoff = { minDelay: 100, maxDelay: 1000, healthyAfter: 5000 };
const many: Options = { maxRestarts: 1000 };

const delayed = (log: unknown[], id = 'a', change: Partial<Backoff> = {}): ChildSpec =>
  child({ id, log }, { restartDelay: { ...delay, ...change } });

/** Ends `a`; resolves with how long, in ms, it took to be up again. */
async function downTime(all: Tree, log: unknown[]): Promise<number> {
  await end(all, 'a');
  const before = log.length;
  let ms = 0;
  for (; log.length === before; ms += 1) {
    await advance(all.system, 1);
  }
  return ms;
}

describe('a restart delay', () => {
  test('is waited for before the child is started again', async () => {
    whole();
    const log: unknown[] = [];
    const all = await startTree(log, [delayed(log), ...workers(log, 'b')]);
    await end(all, 'a');
    await advance(all.system, 99);
    expect(log).toStrictEqual([hasStarted('a'), hasStarted('b'), hasTerminated('a', crashed)]);
    await advance(all.system, 1);
    expect(log).toStrictEqual([
      hasStarted('a'),
      hasStarted('b'),
      hasTerminated('a', crashed),
      hasStarted('a'),
    ]);
  });

  test('lets the supervisor answer requests and restart other children meanwhile', async () => {
    whole();
    const log: unknown[] = [];
    const all = await startTree(log, [delayed(log), ...workers(log, 'b')]);
    await end(all, 'a');
    await end(all, 'b');
    expect(log).toStrictEqual([
      hasStarted('a'),
      hasStarted('b'),
      hasTerminated('a', crashed),
      hasTerminated('b', crashed),
      hasStarted('b'),
    ]);
    expect(await Supervisor.countChildren(all.supervisor)).toMatchObject({ specs: 2, active: 1 });
    await Supervisor.startChild(all.supervisor, child({ id: 'c', log }));
    expect(all.system.clock.now()).toBe(0);
  });

  test('shows the child as restarting, and requests to restart or delete it are refused', async () => {
    const log: unknown[] = [];
    const all = await startTree(log, [delayed(log)]);
    await end(all, 'a');
    expect(await Supervisor.whichChild(all.supervisor, 'a')).toStrictEqual({
      id: 'a',
      pid: 'restarting',
      type: 'worker',
    });
    expect(await outcome(Supervisor.restartChild(all.supervisor, 'a'))).toStrictEqual({
      exit: { type: 'restarting' },
    });
    expect(await Supervisor.deleteChild(all.supervisor, 'a')).toBe('restarting');
    expect(() => workerOf(all.supervisor, 'a')).toThrow(/restarting/);
  });

  test('counts towards the intensity at once, and the supervisor gives up at once', async () => {
    const log: unknown[] = [];
    const all = await startTree(log, [delayed(log, 'a'), delayed(log, 'b'), ...workers(log, 'c')], {
      maxRestarts: 1,
    });
    await end(all, 'a');
    await end(all, 'b');
    expect(log).toStrictEqual([
      hasStarted('a'),
      hasStarted('b'),
      hasStarted('c'),
      hasTerminated('a', crashed),
      hasTerminated('b', crashed),
      hasTerminated('c', shutdown),
      ['supervisor', shutdown],
    ]);
    expect(all.system.clock.now()).toBe(0);
  });

  test('counts once: the start after the delay does not count again', async () => {
    whole();
    const log: unknown[] = [];
    const all = await startTree(log, [delayed(log)], { maxRestarts: 1 });
    await end(all, 'a');
    await advance(all.system, 100);
    expect(log).toStrictEqual([hasStarted('a'), hasTerminated('a', crashed), hasStarted('a')]);
  });

  test('lets the window of the intensity pass while it waits', async () => {
    whole();
    const log: unknown[] = [];
    const all = await startTree(log, [delayed(log, 'a', { minDelay: 600 })], {
      maxRestarts: 1,
      maxSeconds: 0.5,
    });
    for (let crashes = 0; crashes < 5; crashes++) {
      await end(all, 'a');
      await advance(all.system, 1000);
    }
    expect(log).toHaveLength(11);
    expect(isAlive(all.supervisor)).toBe(true);
  });

  test('doubles from one restart to the next, up to its maximum', async () => {
    whole();
    const log: unknown[] = [];
    const all = await startTree(log, [delayed(log)], many);
    const times: number[] = [];
    for (let crashes = 0; crashes < 6; crashes++) {
      times.push(await downTime(all, log));
    }
    expect(times).toStrictEqual([100, 200, 400, 800, 1000, 1000]);
  });

  test('begins anew when the child has run long enough', async () => {
    whole();
    const log: unknown[] = [];
    const all = await startTree(log, [delayed(log, 'a', { healthyAfter: 5000 })], many);
    const times: number[] = [];
    for (const lived of [0, 0, 4999, 5000, 0]) {
      await advance(all.system, lived);
      times.push(await downTime(all, log));
    }
    expect(times).toStrictEqual([100, 200, 400, 100, 200]);
  });

  test('does not count the time that the child was down as uptime', async () => {
    whole();
    const log: unknown[] = [];
    const plan = ['run', refusal, refusal, refusal, 'run'] as const;
    const spec = child(
      { id: 'a', log, plan: [...plan] },
      { restartDelay: { minDelay: 100, maxDelay: 10_000, healthyAfter: 150 } },
    );
    const all = await startTree(log, [spec], many);
    await end(all, 'a');
    await advance(all.system, 100 + 200 + 400 + 799);
    expect(log).toStrictEqual([
      hasStarted('a'),
      hasTerminated('a', crashed),
      hasFailed('a'),
      hasFailed('a'),
      hasFailed('a'),
    ]);
    await advance(all.system, 1);
    expect(log.at(-1)).toStrictEqual(hasStarted('a'));
  });

  test('belongs to one child: those of other children do not grow with it', async () => {
    whole();
    const log: unknown[] = [];
    const all = await startTree(log, [delayed(log), delayed(log, 'b')], many);
    await downTime(all, log);
    await downTime(all, log);
    await end(all, 'b');
    await advance(all.system, 99);
    expect(log.at(-1)).toStrictEqual(hasTerminated('b', crashed));
    await advance(all.system, 1);
    expect(log.at(-1)).toStrictEqual(hasStarted('b'));
  });

  test('does not apply to a child that ends for good', async () => {
    const log: unknown[] = [];
    const spec = child({ id: 'a', log }, { restart: 'transient', restartDelay: delay });
    const all = await startTree(log, [spec]);
    await end(all, 'a', normal);
    await advance(all.system, 1000);
    expect(log).toStrictEqual([hasStarted('a'), hasTerminated('a', normal)]);
    expect(await states(all.supervisor)).toStrictEqual([['a', 'undefined']]);
  });
});

describe('while a child waits for its delay', () => {
  test('terminateChild keeps it down', async () => {
    whole();
    const log: unknown[] = [];
    const all = await startTree(log, [delayed(log)]);
    await end(all, 'a');
    expect(await Supervisor.terminateChild(all.supervisor, 'a')).toBe('ok');
    await advance(all.system, 1000);
    expect(log).toStrictEqual([hasStarted('a'), hasTerminated('a', crashed)]);
    expect(await states(all.supervisor)).toStrictEqual([['a', 'undefined']]);
  });

  test('terminateChild and restartChild start it now, and the next delay counts in full', async () => {
    whole();
    const log: unknown[] = [];
    const all = await startTree(log, [delayed(log)]);
    await end(all, 'a');
    await advance(all.system, 50);
    await Supervisor.terminateChild(all.supervisor, 'a');
    await Supervisor.restartChild(all.supervisor, 'a');
    await end(all, 'a');
    // The first delay would be over now; the second takes 200 ms.
    await advance(all.system, 199);
    expect(log).toStrictEqual([
      hasStarted('a'),
      hasTerminated('a', crashed),
      hasStarted('a'),
      hasTerminated('a', crashed),
    ]);
    await advance(all.system, 1);
    expect(log.at(-1)).toStrictEqual(hasStarted('a'));
  });

  test('terminateChild and deleteChild free its id, and the next child with that id is not affected', async () => {
    whole();
    const log: unknown[] = [];
    const all = await startTree(log, [delayed(log)]);
    await end(all, 'a');
    await Supervisor.terminateChild(all.supervisor, 'a');
    await Supervisor.deleteChild(all.supervisor, 'a');
    const pid = await Supervisor.startChild(all.supervisor, child({ id: 'a', log }));
    await advance(all.system, 1000);
    expect(log).toStrictEqual([hasStarted('a'), hasTerminated('a', crashed), hasStarted('a')]);
    expect(workerOf(all.supervisor, 'a')).toBe(pid);
  });

  test('the shutdown of the supervisor does not wait', async () => {
    const log: unknown[] = [];
    const all = await startTree(log, [...workers(log, 'b'), delayed(log)]);
    await end(all, 'a');
    exit(all.parent, all.supervisor, shutdown);
    await settle(all.system);
    expect(log.slice(2)).toStrictEqual([
      hasTerminated('a', crashed),
      hasTerminated('b', shutdown),
      ['supervisor', shutdown],
    ]);
    await advance(all.system, 1000);
    expect(log).toHaveLength(5);
  });
});

describe('a restart delay under oneForAll and restForOne', () => {
  test('oneForAll shuts all down at once, and starts them all when it is over', async () => {
    whole();
    const log: unknown[] = [];
    const all = await startTree(log, [...workers(log, 'x'), delayed(log), ...workers(log, 'y')], {
      strategy: 'oneForAll',
    });
    log.length = 0;
    await end(all, 'a');
    expect(log).toStrictEqual([
      hasTerminated('a', crashed),
      hasTerminated('y', shutdown),
      hasTerminated('x', shutdown),
    ]);
    expect(await states(all.supervisor)).toStrictEqual([
      ['x', 'undefined'],
      ['a', 'restarting'],
      ['y', 'undefined'],
    ]);
    await advance(all.system, 99);
    expect(log).toHaveLength(3);
    await advance(all.system, 1);
    expect(log.slice(3)).toStrictEqual([hasStarted('x'), hasStarted('a'), hasStarted('y')]);
  });

  test('restForOne leaves those before it running', async () => {
    whole();
    const log: unknown[] = [];
    const all = await startTree(log, [...workers(log, 'x'), delayed(log), ...workers(log, 'y')], {
      strategy: 'restForOne',
    });
    log.length = 0;
    await end(all, 'a');
    await advance(all.system, 99);
    expect(log).toStrictEqual([hasTerminated('a', crashed), hasTerminated('y', shutdown)]);
    await advance(all.system, 1);
    expect(log.slice(2)).toStrictEqual([hasStarted('a'), hasStarted('y')]);
  });

  test('the uptime of the child counts to its own end, not to the end of the slow siblings', async () => {
    whole();
    const log: unknown[] = [];
    const all = await startTree(
      log,
      [delayed(log, 'a', { healthyAfter: 300 }), child({ id: 'y', log, terminateTime: 500 })],
      { ...many, strategy: 'oneForAll' },
    );
    await end(all, 'a');
    await advance(all.system, 500 + 100);
    await end(all, 'a');
    log.length = 0;
    // It had no uptime: the second delay is twice the first.
    await advance(all.system, 500 + 199);
    expect(log).toStrictEqual([hasTerminated('y', shutdown)]);
    await advance(all.system, 1);
    expect(log).toStrictEqual([hasTerminated('y', shutdown), hasStarted('a'), hasStarted('y')]);
  });

  test('a child that waits is started by the restart of another, and not twice', async () => {
    whole();
    const log: unknown[] = [];
    const all = await startTree(log, [...workers(log, 'x'), delayed(log)], {
      strategy: 'restForOne',
    });
    log.length = 0;
    await end(all, 'a');
    await end(all, 'x');
    expect(log).toStrictEqual([
      hasTerminated('a', crashed),
      hasTerminated('x', crashed),
      hasStarted('x'),
      hasStarted('a'),
    ]);
    await advance(all.system, 1000);
    expect(log).toHaveLength(4);
  });

  test('such a child waits for its next delay in full', async () => {
    whole();
    const log: unknown[] = [];
    const all = await startTree(log, [...workers(log, 'x'), delayed(log)], {
      strategy: 'restForOne',
      maxRestarts: 10,
    });
    await end(all, 'a');
    await advance(all.system, 50);
    await end(all, 'x');
    log.length = 0;
    await end(all, 'a');
    await advance(all.system, 199);
    expect(log).toStrictEqual([hasTerminated('a', crashed)]);
    await advance(all.system, 1);
    expect(log).toStrictEqual([hasTerminated('a', crashed), hasStarted('a')]);
  });
});

test('a supervisor that is killed while it waits for a sibling starts no child afterwards', async () => {
  const log: unknown[] = [];
  let starts = 0;
  const counted = childSpec(
    (parent) => {
      starts += 1;
      return GenServer.startLink(parent, worker, { id: 'b', log });
    },
    { id: 'b' },
  );
  const all = await startTree(log, [child({ id: 'a', log, terminateTime: 100 }), counted], {
    strategy: 'oneForAll',
  });
  await end(all, 'b');
  exit(all.system, all.supervisor, kill);
  await advance(all.system, 1000);
  expect(starts).toBe(1);
  expect(
    all.system.reports
      .map(({ message }) => message)
      .filter((text) => /failed to restart/.test(text)),
  ).toStrictEqual([]);
});

describe('the band of the jitter', () => {
  const delays = fc
    .record({
      minDelay: fc.integer({ min: 1, max: 10_000 }),
      grows: fc.integer({ min: 0, max: 10_000 }),
    })
    .map(({ minDelay, grows }) => ({ minDelay, maxDelay: minDelay + grows, healthyAfter: 0 }));

  test('is between half and all of the doubled delay', () => {
    fc.assert(
      fc.property(
        delays,
        fc.nat(2000),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (given, consecutive, random) => {
          const ceiling = Math.min(given.maxDelay, given.minDelay * 2 ** consecutive);
          const ms = restartDelay(consecutive, given, () => random);
          expect(ms).toBeGreaterThanOrEqual(Math.floor(ceiling / 2));
          expect(ms).toBeLessThanOrEqual(ceiling);
          expect(Number.isInteger(ms)).toBe(true);
        },
      ),
    );
  });

  test('is used: many children that end together are started over half of it', async () => {
    const log: unknown[] = [];
    const ids = Array.from({ length: 100 }, (_, index) => `c${index}`);
    const all = await startTree(
      log,
      ids.map((id) => delayed(log, id)),
      many,
    );
    for (const id of ids) {
      exit(all.system, workerOf(all.supervisor, id), kill);
    }
    await settle(all.system);
    const up: number[] = [];
    for (let ms = 0; ms <= 100; ms++) {
      up.push((await Supervisor.countChildren(all.supervisor)).active);
      await advance(all.system, 1);
    }
    expect(up[49]).toBe(0);
    expect(up[75]).toBeGreaterThan(10);
    expect(up[75]).toBeLessThan(90);
    expect((await Supervisor.countChildren(all.supervisor)).active).toBe(100);
  });
});

test.each<readonly [string, unknown]>([
  ['a minDelay of 0', { minDelay: 0, maxDelay: 1, healthyAfter: 1 }],
  ['a negative minDelay', { minDelay: -1, maxDelay: 1, healthyAfter: 1 }],
  ['a maxDelay below minDelay', { minDelay: 2, maxDelay: 1, healthyAfter: 1 }],
  ['an endless maxDelay', { minDelay: 1, maxDelay: Infinity, healthyAfter: 1 }],
  ['a negative healthyAfter', { minDelay: 1, maxDelay: 1, healthyAfter: -1 }],
  ['no minDelay', { maxDelay: 1, healthyAfter: 1 }],
  ['a factor below 1', { minDelay: 1, maxDelay: 1, factor: 0.5, healthyAfter: 1 }],
  ['an endless factor', { minDelay: 1, maxDelay: 1, factor: Infinity, healthyAfter: 1 }],
  ['a text for a number', { minDelay: '1', maxDelay: '2', healthyAfter: '3' }],
  ['null', null],
  ['a number', 100],
])('a delay with %s is refused', (_what, given) => {
  const spec = (): ChildSpec => child({ id: 'a', log: [] }, { restartDelay: given as never });
  expect(spec).toThrow(RangeError);
  expect(spec).toThrow(
    /^Expected restartDelay to be \{ minDelay, maxDelay, factor\?, healthyAfter \} in ms/,
  );
});

test('a factor of 3 makes each delay three times as long as the one before', async () => {
  whole();
  const log: unknown[] = [];
  const all = await startTree(log, [delayed(log, 'a', { factor: 3 })], many);
  expect(await downTime(all, log)).toBe(100);
  expect(await downTime(all, log)).toBe(300);
  expect(await downTime(all, log)).toBe(900);
  expect(await downTime(all, log)).toBe(1000);
});

test('a healthyAfter of Infinity never begins anew', async () => {
  whole();
  const log: unknown[] = [];
  const all = await startTree(log, [delayed(log, 'a', { healthyAfter: Infinity })], many);
  await downTime(all, log);
  await advance(all.system, 1e9);
  expect(await downTime(all, log)).toBe(200);
});

test.each([
  [0, 0],
  [1, 1000],
])('a minDelay of %i stays a number after any number of attempts', (minDelay, delay) => {
  expect(backoffDelay(5000, { minDelay, maxDelay: 1000 })).toBe(delay);
});
