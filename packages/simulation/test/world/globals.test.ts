import nodeCrypto from 'node:crypto';
import nodeTimers from 'node:timers/promises';
import { promisify } from 'node:util';

import { expect, test } from '@jest/globals';
import { type Program, runSeed } from '@reprise/simulation';

/** Runs `main` on a node, and returns the value that it told, with the hash of the run. */
async function onNode(
  main: (tell: (told: unknown) => void) => void | Promise<void>,
  seed = 0,
): Promise<{ readonly told: readonly unknown[]; readonly hash: string }> {
  const told: unknown[] = [];
  const program: Program = async (sim) => {
    const node = sim.node('a', async () => {
      await main((value) => told.push(value));
      return true;
    });
    await sim.run({ until: () => node.value === true });
    await sim.sleep(1000);
  };
  const { violation, hash } = await runSeed(program, { source: { seed } });
  expect(violation).toBeUndefined();
  return { told, hash };
}

const start = Date.UTC(2030, 0, 1);

test('SIM-T06 code of a node has the time of the node, also after an await', async () => {
  const { told } = await onNode(async (tell) => {
    await Promise.resolve();
    await new Promise((resolve) => {
      setTimeout(resolve, 86_400_000);
    });
    await Promise.resolve();
    tell(new Date());
    tell(Date.now());
    tell(Date());
    tell(performance.now());
    tell(performance.timeOrigin);
    tell(process.uptime());
    tell(process.hrtime()[0]);
    tell(process.hrtime.bigint() / 1_000_000_000n);
  });
  const [date, now, text, passed, origin, uptime, seconds, big] = told;
  expect(now).toBeGreaterThanOrEqual(start + 86_399_999);
  expect(now).toBeLessThan(start + 86_400_100);
  expect(date).toEqual(new Date(Number(now)));
  expect(date).toBeInstanceOf(Date);
  expect(text).toBe(new Date(Number(now)).toString());
  expect(Number(origin) + Number(passed)).toBeCloseTo(Number(now), -1);
  expect(Math.round(Number(uptime))).toBe(86_400);
  expect([seconds, Number(big)]).toEqual([86_400, 86_400]);
});

test('SIM-T06 the numbers of a node are those of the tape', async () => {
  const numbers = (tell: (told: unknown) => void): void => {
    tell(Math.random());
    tell(crypto.randomUUID());
    tell(crypto.getRandomValues(new Uint32Array(2)).join());
    tell(nodeCrypto.randomUUID());
    tell(nodeCrypto.randomBytes(8).toString('hex'));
    tell(nodeCrypto.randomInt(1_000_000));
  };
  const first = await onNode(numbers, 4);
  expect(await onNode(numbers, 4)).toEqual(first);
  expect((await onNode(numbers, 5)).told).not.toEqual(first.told);
});

test('SIM-T06 no two ids are equal in the tamest run, nor in two lives of a node', async () => {
  const ids: string[] = [];
  const { violation } = await runSeed(
    async (sim) => {
      const nodes = ['a', 'b'].map((name) =>
        sim.node(name, () => {
          ids.push(crypto.randomUUID(), nodeCrypto.randomUUID(), nodeCrypto.randomUUID());
        }),
      );
      await sim.sleep(1);
      for (const node of nodes) {
        node.crash();
        node.restart();
      }
      await sim.sleep(1);
    },
    { source: { tape: {} } },
  );
  expect(violation).toBeUndefined();
  expect(ids).toHaveLength(12);
  expect(new Set(ids).size).toBe(12);
  expect(ids).toEqual(
    ids.map(() => expect.stringMatching(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-/)),
  );
});

test('SIM-T06 two nodes with skewed clocks read different dates', async () => {
  const { violation } = await runSeed(
    async (sim) => {
      const dates = new Map<string, number>();
      const nodes = ['a', 'b'].map((name) =>
        sim.node(name, async () => {
          await new Promise((resolve) => {
            setTimeout(resolve, 10);
          });
          dates.set(name, new Date().getTime());
        }),
      );
      nodes[1]?.skew({ ahead: -3_600_000 });
      await sim.sleep(100);
      const behind = (dates.get('a') ?? 0) - (dates.get('b') ?? 0);
      expect(Math.abs(behind - 3_600_000)).toBeLessThan(100);
    },
    { source: { seed: 1 } },
  );
  expect(violation).toBeUndefined();
});

test('SIM-T06 the test program and its clients have virtual time and drawn numbers, too', async () => {
  const run = async (): Promise<readonly unknown[]> => {
    const told: unknown[] = [];
    const { violation } = await runSeed(
      async (sim) => {
        await sim.client('x', async () => {
          await nodeTimers.setTimeout(1000);
          told.push(Math.random(), Date.now(), crypto.randomUUID());
        });
        told.push(Math.random(), Date.now(), crypto.randomUUID());
      },
      { source: { seed: 2 } },
    );
    expect(violation).toBeUndefined();
    return told;
  };
  const told = await run();
  expect(told).toHaveLength(6);
  expect(await run()).toEqual(told);
  expect(Number(told[4])).toBeGreaterThanOrEqual(start + 999);
});

test('timers of a node are those of Node: arguments, order, clearing, repeating', async () => {
  const { told } = await onNode(async (tell) => {
    setTimeout(tell, 5.9, 'five');
    setTimeout(tell, Number.NaN, 'at least 1');
    setTimeout(tell, 2 ** 31, 'too long is 1');
    clearTimeout(setTimeout(tell, 3, 'cleared'));
    clearTimeout(Number(setTimeout(tell, 3, 'cleared by its number')));
    clearImmediate(setImmediate(tell, 'cleared immediate'));
    setImmediate(tell, 'immediate');
    let rounds = 0;
    const interval = setInterval(() => {
      rounds += 1;
      tell(`round ${rounds}`);
      if (rounds === 2) {
        clearInterval(interval);
      }
    }, 10);
    const timer = setTimeout(tell, 20, 'refreshed');
    await nodeTimers.setTimeout(15);
    expect(timer.refresh().hasRef()).toBe(true);
    expect(timer.unref().hasRef()).toBe(false);
    await nodeTimers.setTimeout(10);
    tell('not yet');
    expect(await promisify(setTimeout)(20, 'value')).toBe('value');
  });
  expect(told).toEqual([
    'immediate',
    'at least 1',
    'too long is 1',
    'five',
    'round 1',
    'round 2',
    'not yet',
    'refreshed',
  ]);
});

test('the timers of node:timers/promises can be aborted, and repeat', async () => {
  const { told } = await onNode(async (tell) => {
    const { signal } = new AbortController();
    const controller = new AbortController();
    const waiting = nodeTimers.setTimeout(1000, 'never', { signal: controller.signal });
    controller.abort(new Error('enough'));
    await waiting.catch((error: unknown) => {
      tell(error);
    });
    expect(await nodeTimers.setImmediate('soon', { signal })).toBe('soon');
    const rounds = nodeTimers.setInterval(10, 'again')[Symbol.asyncIterator]();
    tell(await rounds.next());
    tell(await rounds.next());
    await rounds.return?.();
    await nodeTimers.scheduler.wait(5);
    await nodeTimers.scheduler.yield();
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const timeout = AbortSignal.timeout(10);
    timeout.addEventListener('abort', () => {
      resolve(timeout.reason);
    });
    tell(await promise);
    tell(Math.round(performance.now()));
  });
  expect(told).toEqual([
    expect.objectContaining({ name: 'AbortError', code: 'ABORT_ERR', cause: new Error('enough') }),
    { done: false, value: 'again' },
    { done: false, value: 'again' },
    expect.objectContaining({ name: 'TimeoutError' }),
    expect.any(Number),
  ]);
});

test('the timers of a node that has crashed never fire', async () => {
  const fired: string[] = [];
  const { violation } = await runSeed(
    async (sim) => {
      const node = sim.node('a', () => {
        setInterval(() => fired.push('interval'), 10);
        setImmediate(() => {
          node.crash();
          setTimeout(() => fired.push('after the crash'), 1);
          setImmediate(() => fired.push('after the crash'));
        });
      });
      await sim.sleep(1000);
    },
    { source: { seed: 0 } },
  );
  expect(violation).toBeUndefined();
  expect(fired).toEqual([]);
});

test('ticks of a node, and ticks in these, belong to its step', async () => {
  const nodes = new Set<string>();
  const { violation } = await runSeed(
    async (sim) => {
      const tell = (depth: number): void => {
        nodes.add(sim.engine.current?.name ?? 'none');
        if (depth > 0) {
          process.nextTick(() => {
            queueMicrotask(() => {
              tell(depth - 1);
            });
          });
        }
      };
      sim.node('a', () => {
        setTimeout(tell, 1, 20);
      });
      for (let step = 0; step < 20; step += 1) {
        await sim.sleep(0.3);
      }
    },
    { source: { seed: 0 } },
  );
  expect(violation).toBeUndefined();
  expect([...nodes]).toEqual(['a']);
});

/** Everything that a run replaces. */
function originals(): readonly unknown[] {
  const objects = [
    globalThis,
    Math,
    Date,
    Date.prototype,
    performance,
    crypto,
    process,
    AbortSignal,
  ];
  const keys =
    /^(?:set|clear)|^(?:Date|constructor|now|timeOrigin|random.*|getRandomValues|hrtime|uptime|timeout)$/;
  return objects.flatMap((object) =>
    Object.entries(Object.getOwnPropertyDescriptors(object)).filter(([key]) => keys.test(key)),
  );
}

test('outside of a run the globals are those of the host, and what was kept of a run is, too', async () => {
  const before = originals();
  const kept: (() => number)[] = [];
  await runSeed(
    async (sim) => {
      kept.push(Date.now, () => new Date().getTime());
      await sim.sleep(10);
    },
    { source: { seed: 0 } },
  );
  expect(originals()).toEqual(before);
  const from = Date.now();
  const read = kept.map((now) => now());
  const until = Date.now();
  expect(read.every((now) => from <= now && now <= until)).toBe(true);
});
