import { availableParallelism } from 'node:os';

import { describe, expect, test } from '@jest/globals';
import {
  crash,
  createSystem,
  exit,
  type ExitReason,
  isAlive,
  kill,
  killed,
  normal,
  type Pid,
  type Process,
  processes,
  processInfo,
  type Receiver,
  shutdown,
  spawn,
  Task,
  trapExit,
} from '@reprise/actor';
import { advance, createTestSystem, settle, type TestSystem } from '@reprise/actor/testing';
import { expectTypeOf } from 'expect-type';

import { countOnEnd } from '../support/on-end.ts';
import { elapse, outcome } from '../support/outcome.ts';
import { drain, exitReasonOf, forever, idleProcess } from '../support/processes.ts';
import { collect, exitResult, returnAfter, streamEnd, valueResult } from '../support/tasks.ts';
import { watchedClock } from '../support/watched-clock.ts';

const crashed = crash('boom');

interface Setup {
  readonly system: TestSystem;
  /** The test acts as this process; its messages stay in its mailbox. */
  readonly owner: Receiver<unknown>;
}

async function setup(options: { readonly traps?: boolean } = {}): Promise<Setup> {
  const system = createTestSystem();
  return { system, owner: await idleProcess(system, options) };
}

/** Counts the running tasks: now, and at most at a time. */
function counter(): {
  readonly most: () => number;
  readonly now: () => number;
  readonly run: (ms: number, self: Process) => Promise<number>;
} {
  let running = 0;
  let most = 0;
  return {
    most: () => most,
    now: () => running,
    run: async (ms, self) => {
      running += 1;
      most = Math.max(most, running);
      self.signal.addEventListener('abort', () => {
        running -= 1;
      });
      return returnAfter(ms, self);
    },
  };
}

/** The processes of a system besides the system itself and the owner. */
const otherProcesses = ({ system, owner }: Setup): readonly Pid[] =>
  processes(system).filter((pid) => pid !== owner.pid && pid !== system.pid);

describe('the results', () => {
  test('TA29 come in the order of the items, whichever is done first', async () => {
    const { system, owner } = await setup();
    const got = collect(
      Task.asyncStream(owner, [30, 10, 20, 5], returnAfter, { maxConcurrency: 4 }),
    );
    await advance(system, 29);
    expect(got).toStrictEqual([]);
    await advance(system, 1);
    expect(got).toStrictEqual([
      valueResult(30),
      valueResult(10),
      valueResult(20),
      valueResult(5),
      streamEnd,
    ]);
    expect(owner.messageQueueLen).toBe(0);
  });

  test('TA30 come in the order in which they are done, without ordered', async () => {
    const { system, owner } = await setup();
    const options = { maxConcurrency: 4, ordered: false };
    const got = collect(Task.asyncStream(owner, [30, 10, 20, 5], returnAfter, options));
    await advance(system, 10);
    expect(got).toStrictEqual([valueResult(5), valueResult(10)]);
    await advance(system, 20);
    expect(got).toStrictEqual([
      valueResult(5),
      valueResult(10),
      valueResult(20),
      valueResult(30),
      streamEnd,
    ]);
  });

  test('of no items are none', async () => {
    const { system, owner } = await setup();
    const got = collect(Task.asyncStream(owner, [], returnAfter));
    await settle(system);
    expect(got).toStrictEqual([streamEnd]);
  });

  test('have the type of the function’s value', async () => {
    const { owner } = await setup();
    const stream = Task.asyncStream(owner, ['a'], async (text) => text.length);
    for await (const result of stream) {
      expectTypeOf(result).toEqualTypeOf<Task.Result<number>>();
      expect(result).toStrictEqual(valueResult(1));
    }
  });

  test('come again when it is iterated over again', async () => {
    const { system, owner } = await setup();
    const stream = Task.asyncStream(owner, [1, 2], (n) => n);
    for (let times = 0; times < 2; times++) {
      const got = collect(stream);
      await settle(system);
      expect(got).toStrictEqual([valueResult(1), valueResult(2), streamEnd]);
    }
  });

  test('come of any iterable: a string, a generator, an asynchronous one', async () => {
    const { system, owner } = await setup();
    function* characters(): Generator<string> {
      yield 'a';
      yield 'b';
    }
    async function* charactersLater(): AsyncGenerator<string> {
      yield* characters();
    }
    for (const items of ['ab', characters(), charactersLater()]) {
      const got = collect(Task.asyncStream(owner, items, (character) => character));
      await settle(system);
      expect(got).toStrictEqual([valueResult('a'), valueResult('b'), streamEnd]);
    }
  });
});

describe('concurrency', () => {
  test.each([true, false])('TA31 is never more than asked for, ordered: %s', async (ordered) => {
    const { system, owner } = await setup();
    const tasks = counter();
    const items = Array.from({ length: 50 }, (_, index) => ((index * 7) % 13) + 1);
    const stream = Task.asyncStream(owner, items, tasks.run, { maxConcurrency: 3, ordered });
    const got = collect(stream);
    await advance(system, 1000);
    expect(got).toHaveLength(51);
    expect(tasks.most()).toBe(3);
  });

  test('TA31 is one item after the other, with maxConcurrency 1', async () => {
    const { system, owner } = await setup();
    const tasks = counter();
    const stream = Task.asyncStream(owner, [10, 10, 10], tasks.run, { maxConcurrency: 1 });
    const got = collect(stream);
    await advance(system, 20);
    expect(got).toStrictEqual([valueResult(10), valueResult(10)]);
    await advance(system, 10);
    expect([got.length, tasks.most()]).toStrictEqual([4, 1]);
  });

  test('TA31 is the number of processors by default', async () => {
    const { system, owner } = await setup();
    const tasks = counter();
    collect(Task.asyncStream(owner, new Array(200).fill(10), tasks.run));
    await settle(system);
    expect(tasks.most()).toBe(availableParallelism());
  });

  test('begins when the first result is asked for, and takes items only as results are taken', async () => {
    const { system, owner } = await setup();
    let taken = 0;
    function* items(): Generator<number> {
      for (;;) {
        taken += 1;
        yield taken;
      }
    }
    const stream = Task.asyncStream(owner, items(), (n) => n, { maxConcurrency: 2 });
    const results = stream[Symbol.asyncIterator]();
    await settle(system);
    expect([taken, otherProcesses({ system, owner })]).toStrictEqual([0, []]);
    for (let asked = 1; asked <= 3; asked++) {
      expect(await results.next()).toStrictEqual({ done: false, value: valueResult(asked) });
      await settle(system);
      expect(taken).toBeLessThanOrEqual(asked + 2);
    }
  });

  test('TA29 lets at most maxConcurrency results wait for an earlier one', async () => {
    const { system, owner } = await setup();
    let started = 0;
    const run = async (ms: number, self: Process): Promise<number> => {
      started += 1;
      return returnAfter(ms, self);
    };
    const items = [100, ...new Array<number>(50).fill(1)];
    const got = collect(Task.asyncStream(owner, items, run, { maxConcurrency: 4 }));
    await advance(system, 99);
    expect([started, got]).toStrictEqual([8, []]);
    await advance(system, 1000);
    expect([started, got.length]).toStrictEqual([51, 52]);
  });

  test('gives the results that are done while the source has no item', async () => {
    const { system, owner } = await setup();
    async function* items(): AsyncGenerator<number> {
      yield 10;
      await elapse(system, 1000);
      yield 20;
    }
    const got = collect(Task.asyncStream(owner, items(), returnAfter, { maxConcurrency: 2 }));
    await advance(system, 10);
    expect(got).toStrictEqual([valueResult(10)]);
    await advance(system, 1010);
    expect(got).toStrictEqual([valueResult(10), valueResult(20), streamEnd]);
  });
});

describe('an item that takes too long', () => {
  test('TA32 ends the stream, and all running tasks', async () => {
    const all = await setup();
    const { system, owner } = all;
    const stream = Task.asyncStream(owner, [1, 100, 100], returnAfter, {
      maxConcurrency: 3,
      timeout: 50,
    });
    const got = collect(stream);
    await advance(system, 49);
    expect(got).toStrictEqual([valueResult(1)]);
    await advance(system, 1);
    expect(got).toStrictEqual([valueResult(1), 'timeout']);
    expect([otherProcesses(all), isAlive(owner.pid), owner.messageQueueLen]).toStrictEqual([
      [],
      true,
      0,
    ]);
  });

  test('TA32 ends an owner that does not catch it', async () => {
    const system = createTestSystem();
    let self: Process | undefined;
    spawn(system, async (own) => {
      self = own;
      for await (const _ of Task.asyncStream(own, [100], returnAfter, { timeout: 50 })) {
        // No result comes.
      }
    });
    await advance(system, 50);
    expect(exitReasonOf(self as Process)).toMatchObject({
      type: 'crash',
      error: { name: 'TimeoutError' },
    });
  });

  test('TA32 is killed with killTask, and the others go on', async () => {
    const all = await setup();
    const stream = Task.asyncStream(all.owner, [10, 100, 20, 30], returnAfter, {
      maxConcurrency: 2,
      timeout: 50,
      onTimeout: 'killTask',
    });
    const got = collect(stream);
    await advance(all.system, 100);
    expect(got).toStrictEqual([
      valueResult(10),
      exitResult({ type: 'timeout' }),
      valueResult(20),
      valueResult(30),
      streamEnd,
    ]);
    expect([otherProcesses(all), isAlive(all.owner.pid), all.owner.messageQueueLen]).toStrictEqual([
      [],
      true,
      0,
    ]);
  });

  test('TA32 takes 5 s at most by default, each item for itself', async () => {
    const { system, owner } = await setup();
    const stream = Task.asyncStream(owner, [4999, 4999, 5001], returnAfter, { maxConcurrency: 1 });
    const got = collect(stream);
    await advance(system, 14_997);
    expect(got).toStrictEqual([valueResult(4999), valueResult(4999)]);
    await advance(system, 1);
    expect(got.at(-1)).toBe('timeout');
  });

  test('TA32 may take for ever', async () => {
    const { system, owner } = await setup();
    const got = collect(Task.asyncStream(owner, [1_000_000], returnAfter, { timeout: Infinity }));
    await advance(system, 1_000_000);
    expect(got).toStrictEqual([valueResult(1_000_000), streamEnd]);
  });
});

describe('a loop that is left early', () => {
  test('TA33 kills its unfinished tasks, also those that trap exits, and leaves no process or message', async () => {
    const all = await setup({ traps: true });
    const waiting = countOnEnd(all.owner);
    let isClosed = false;
    function* items(): Generator<number> {
      try {
        yield* [1, 1000, 1000, 1000];
      } finally {
        isClosed = true;
      }
    }
    const ended: (ExitReason | undefined)[] = [];
    const run = async (ms: number, self: Process): Promise<number> => {
      trapExit(self, true);
      self.signal.addEventListener('abort', () => ended.push(exitReasonOf(self)));
      return returnAfter(ms, self);
    };
    const left = (async () => {
      for await (const result of Task.asyncStream(all.owner, items(), run, { maxConcurrency: 3 })) {
        return result;
      }
      return undefined;
    })();
    await advance(all.system, 1);
    expect(await left).toStrictEqual(valueResult(1));
    await settle(all.system);
    expect(ended).toStrictEqual([normal, killed, killed]);
    expect([isClosed, otherProcesses(all), waiting()]).toStrictEqual([true, [], 0]);
    expect(processInfo(all.owner.pid)).toMatchObject({ links: [], monitors: [] });
    expect([isAlive(all.owner.pid), await drain(all.owner)]).toStrictEqual([true, []]);
  });

  test('TA33 does not wait for a source without a next item', async () => {
    const all = await setup();
    async function* items(): AsyncGenerator<number> {
      yield 1;
      await forever();
    }
    const left = (async () => {
      for await (const result of Task.asyncStream(all.owner, items(), returnAfter, {
        maxConcurrency: 2,
      })) {
        return result;
      }
      return undefined;
    })();
    await advance(all.system, 1);
    expect(await left).toStrictEqual(valueResult(1));
    expect(otherProcesses(all)).toStrictEqual([]);
  });

  test('TA33 keeps no timer', async () => {
    const { clock, timers } = watchedClock();
    const system = createSystem({ clock });
    const first = async (): Promise<number> => {
      await settle(system);
      return 1;
    };
    const work = [first, forever];
    const stream = Task.asyncStream(system, work, (fn) => fn(), { maxConcurrency: 2 });
    for await (const result of stream) {
      expect(result).toStrictEqual(valueResult(1));
      expect(timers()).toBe(1);
      break;
    }
    expect(timers()).toBe(0);
  });

  test('TA33 after the end of the stream leaves no process or message either', async () => {
    const all = await setup({ traps: true });
    const waiting = countOnEnd(all.owner);
    const got = collect(Task.asyncStream(all.owner, [1, 2, 3], (n) => n));
    await settle(all.system);
    expect(got).toHaveLength(4);
    expect([otherProcesses(all), waiting(), await drain(all.owner)]).toStrictEqual([[], 0, []]);
  });
});

describe('an item that crashes', () => {
  const crashing = async (n: number, self: Process): Promise<number> => {
    await elapse(self.system, 10);
    return n === 2 ? exit(self, crashed) : n;
  };

  test('TA34 has its reason as the result when the owner traps exits, and the others go on', async () => {
    const all = await setup({ traps: true });
    const got = collect(Task.asyncStream(all.owner, [1, 2, 3], crashing, { maxConcurrency: 1 }));
    await advance(all.system, 30);
    expect(got).toStrictEqual([valueResult(1), exitResult(crashed), valueResult(3), streamEnd]);
    expect(await drain(all.owner)).toStrictEqual([]);
  });

  test('TA34 ends an owner that does not trap exits, with its reason, and all other tasks', async () => {
    const all = await setup();
    const got = collect(Task.asyncStream(all.owner, [1, 2, 3, 4], crashing, { maxConcurrency: 4 }));
    await advance(all.system, 10);
    expect(exitReasonOf(all.owner)).toStrictEqual(crashed);
    expect(otherProcesses(all)).toStrictEqual([]);
    // The pending `next` rejects; it does not wait for ever.
    expect(got).toStrictEqual([valueResult(1), { exit: crashed }]);
  });

  test('TA34 rejects when the owner has begun to trap exits meanwhile, and the owner runs on', async () => {
    const all = await setup();
    const got = collect(Task.asyncStream(all.owner, [1, 2], crashing, { maxConcurrency: 2 }));
    await settle(all.system);
    trapExit(all.owner, true);
    await advance(all.system, 10);
    expect(got).toStrictEqual([valueResult(1), { exit: crashed }]);
    expect(otherProcesses(all)).toStrictEqual([]);
    expect(await drain(all.owner)).toMatchObject([{ type: 'EXIT', reason: crashed }]);
  });

  test('TA34 that ends normal without a value has normal as the result', async () => {
    const { system, owner } = await setup();
    const got = collect(Task.asyncStream(owner, [1], (_, self) => exit(self, normal)));
    await settle(system);
    expect(got).toStrictEqual([exitResult(normal), streamEnd]);
  });

  test.each<readonly [string, ExitReason]>([
    ['crashes', crashed],
    ['is killed', kill],
    ['is shut down', shutdown],
  ])('TA28 takes its tasks along when its owner %s', async (_how, reason) => {
    const all = await setup();
    const got = collect(
      Task.asyncStream(all.owner, [1000, 1000], returnAfter, { maxConcurrency: 2 }),
    );
    await settle(all.system);
    expect(otherProcesses(all)).toHaveLength(3);
    exit(all.system, all.owner.pid, reason);
    await settle(all.system);
    expect(otherProcesses(all)).toStrictEqual([]);
    expect(got).toStrictEqual([{ exit: reason.type === 'kill' ? killed : reason }]);
  });

  test('ends its tasks when its owner ends normal', async () => {
    const system = createTestSystem();
    const tasks = counter();
    spawn(system, async (self) => {
      const stream = Task.asyncStream(self, [1000, 1000], tasks.run, { maxConcurrency: 2 });
      void outcome(stream[Symbol.asyncIterator]().next());
      await elapse(system, 10);
    });
    await advance(system, 9);
    expect(tasks.now()).toBe(2);
    await advance(system, 1);
    expect([tasks.now(), processes(system)]).toStrictEqual([0, [system.pid]]);
  });
});

describe('a mistake', () => {
  test('in the source rejects, and ends all running tasks', async () => {
    const all = await setup();
    const error = new Error('source');
    function* items(): Generator<number> {
      yield 1;
      yield 1000;
      throw error;
    }
    const got = collect(Task.asyncStream(all.owner, items(), returnAfter, { maxConcurrency: 4 }));
    await settle(all.system);
    expect(got).toStrictEqual([{ error }]);
    expect(otherProcesses(all)).toStrictEqual([]);
  });

  test.each<readonly [string, unknown, unknown, Task.StreamOptions, Error]>([
    [
      'maxConcurrency 0',
      [],
      returnAfter,
      { maxConcurrency: 0 },
      new RangeError('Expected maxConcurrency to be a whole number above 0 or Infinity, got 0'),
    ],
    [
      'a timeout of -1',
      [],
      returnAfter,
      { timeout: -1 },
      new RangeError('Expected a whole number of milliseconds from 0 on, got -1'),
    ],
    ['no function', [], 'fn', {}, new TypeError('Expected a function for a task, got "fn"')],
  ])('%s is refused at once', async (_what, items, fn, options, error) => {
    const { owner } = await setup();
    const create = (): unknown => Task.asyncStream(owner, items as [], fn as never, options);
    expect(create).toThrow(error);
    expect(create).toThrow(error.constructor as ErrorConstructor);
  });

  test('items that cannot be iterated over are refused when the first is asked for', async () => {
    const all = await setup();
    const got = collect(Task.asyncStream(all.owner, 3 as never, returnAfter));
    await settle(all.system);
    expect(got).toStrictEqual([
      { error: new TypeError('Expected items that can be iterated over, got 3') },
    ]);
    expect(otherProcesses(all)).toStrictEqual([]);
  });
});
