import { expect, test } from '@jest/globals';
import { type Program, runSeed, type SimulatedNode } from '@reprise/simulation';
import type { CursorStore } from '@reprise/sse';

import { runSeeds, valuesOf } from '../support/seeds.ts';

test('SIM-C02 a node crashes in a call of a store before its effect, and after it', async () => {
  const seen = await valuesOf(
    200,
    (told) => async (sim) => {
      const store = sim.store({ value: 0, next: 0 });
      let crashedAt: number | undefined;
      sim.node('a', async (node) => {
        const connection = store.on(node);
        for (let round = 1; node.starts === 1 && round <= 20; round += 1) {
          const writing = connection.set('value', round);
          crashedAt = node.isUp ? undefined : round;
          // The same stretch of code goes on, and reaches nothing.
          await Promise.all([writing, connection.set('next', round)]);
        }
      });
      await sim.sleep(60_000);
      if (crashedAt !== undefined) {
        const reached = store.peek('next') === crashedAt - 1 ? 'nothing' : 'something';
        told(`${store.peek('value') === crashedAt ? 'after' : 'before'}, then ${reached}`);
      }
    },
    { faults: { crash: true } },
  );
  expect(seen).toEqual(new Set(['before, then nothing', 'after, then nothing']));
});

/** How each of twenty writes of a node ended for it, and whether the value was there. */
const fates: (told: (value: string) => void) => Program = (told) => async (sim) => {
  const store = sim.store<Record<string, number>>({});
  const ends = new Map<string, string>();
  sim.node('a', async (node) => {
    const connection = store.on(node);
    for (let round = 0; round < 20; round += 1) {
      const key = `key ${round}`;
      ends.set(key, 'silence');
      connection.set(key, round).then(
        () => ends.set(key, 'done'),
        (error: unknown) => {
          expect(error).toMatchObject({ code: 'ECONNRESET' });
          ends.set(key, 'an error');
        },
      );
    }
  });
  await sim.sleep(60_000);
  for (const [key, end] of ends) {
    told(`${end}, ${store.peek(key) === undefined ? 'not applied' : 'applied'}`);
  }
};

test('SIM-C06 the answer of a store is lost though the request was applied', async () => {
  const seen = await valuesOf(300, fates, { faults: { store: true } });
  expect([...seen].toSorted()).toEqual([
    'an error, applied',
    'an error, not applied',
    'done, applied',
    'silence, applied',
    'silence, not applied',
  ]);
  expect(await valuesOf(100, fates)).toEqual(new Set(['done, applied']));
});

/** Writes 1, then 2, and tells the value that is kept in the end, if the node has seen no error. */
function writesTwo(isGuarded: boolean): (told: (value: string) => void) => Program {
  return (told) => async (sim) => {
    const store = sim.store<{ value: number }>({});
    let isDone = false;
    const write = async (node: SimulatedNode): Promise<void> => {
      const connection = store.on(node);
      for (const value of [1, 2]) {
        const { version } = await connection.read('value');
        await (isGuarded
          ? connection.update('value', value, { version })
          : connection.set('value', value));
      }
      isDone = true;
    };
    sim.node('a', (node) => write(node).catch(() => undefined));
    await sim.sleep(60_000);
    if (isDone) {
      told(`kept ${store.peek('value')}`);
    }
  };
}

test('SIM-C07 a request that arrives again brings the old value back, unless a version guards it', async () => {
  const options = { faults: { store: true } };
  expect(await valuesOf(500, writesTwo(false), options)).toEqual(new Set(['kept 1', 'kept 2']));
  expect(await valuesOf(500, writesTwo(true), options)).toEqual(new Set(['kept 2']));
});

test('SIM-C08 a call of a store that never settles delays nothing else of the node', async () => {
  const seen = await valuesOf(
    300,
    (told) => async (sim) => {
      const store = sim.store({ value: 0 });
      sim.node('a', async (node) => {
        const connection = store.on(node);
        let settled = 0;
        const count = (): void => {
          settled += 1;
        };
        for (let call = 0; call < 20; call += 1) {
          connection.get('value').then(count, count);
        }
        await new Promise((resolve) => {
          setTimeout(resolve, 60_000);
        });
        told(settled === 20 ? 'all settled' : 'some never');
        told(`later: ${await Promise.race([connection.get('value').catch(() => 0), silence()])}`);
      });
      await sim.sleep(180_000);
    },
    { faults: { store: true } },
  );
  expect(seen).toEqual(new Set(['all settled', 'some never', 'later: 0', 'later: silence']));
});

function silence(): Promise<string> {
  return new Promise((resolve) => {
    setTimeout(resolve, 60_000, 'silence');
  });
}

test('requests of one connection have their effects in order, those of two in any order', async () => {
  const order = async (connections: 1 | 2): Promise<ReadonlySet<string>> =>
    valuesOf(300, (told) => async (sim) => {
      const store = sim.store<{ value: number }>({});
      sim.node('a', async (node) => {
        const first = store.on(node);
        const second = connections === 1 ? first : store.on(node);
        await Promise.all([first.set('value', 1), second.set('value', 2)]);
        told(`kept ${store.peek('value')}`);
      });
      await sim.sleep(10_000);
    });
  expect(await order(1)).toEqual(new Set(['kept 2']));
  expect(await order(2)).toEqual(new Set(['kept 1', 'kept 2']));
});

test('a version that was read is good for one update', async () => {
  const { violation } = await runSeed(
    async (sim) => {
      const store = sim.store<{ value: string }>({ value: 'first' });
      const node = sim.node('a', async (self) => {
        const connection = store.on(self);
        const row = await connection.read('value');
        expect(row).toEqual({ value: 'first', version: 1 });
        expect(await connection.update('value', 'second', row)).toBe(true);
        expect(await connection.update('value', 'third', row)).toBe(false);
        expect(await connection.get('value')).toBe('second');
        expect(await connection.delete('value')).toBe(true);
        expect(await connection.delete('value')).toBe(false);
        expect(await connection.read('value')).toEqual({ value: undefined, version: 0 });
        expect(await connection.update('value', 'new', { version: 0 })).toBe(true);
        // Not the version of a value before: a key that was deleted and set again has changed.
        expect((await connection.read('value')).version).toBe(3);
        return true;
      });
      await sim.run({ until: () => node.value === true });
      expect(store.keys).toEqual(['value']);
    },
    { source: { seed: 0 } },
  );
  expect(violation).toBeUndefined();
});

test('nodes share no objects through a store', async () => {
  const { violation } = await runSeed(
    async (sim) => {
      const store = sim.store<{ list: string[] }>({ list: ['a'] });
      const node = sim.node('a', async (self) => {
        const connection = store.on(self);
        const list = (await connection.get('list')) ?? [];
        list.push('b');
        expect(await connection.get('list')).toEqual(['a']);
        const writing = connection.set('list', list);
        list.push('c');
        await writing;
        return true;
      });
      await sim.run({ until: () => node.value === true });
      expect(store.peek('list')).toEqual(['a', 'b']);
    },
    { source: { seed: 0 } },
  );
  expect(violation).toBeUndefined();
});

test('the clock of a store is its own', async () => {
  const differences = await valuesOf(
    100,
    (told) => async (sim) => {
      const store = sim.store({});
      sim.node('a', async (node) => {
        const date = await store.on(node).date();
        told(Math.abs(date - node.clock.date()) < 10 ? 'same' : 'other');
      });
      await sim.sleep(100);
    },
    { faults: { clock: true } },
  );
  expect(differences).toEqual(new Set(['same', 'other']));
});

test('faults of stores end with heal', async () => {
  const results = await runSeeds(
    100,
    async (sim) => {
      const store = sim.store<Record<string, string>>({});
      sim.heal();
      const node = sim.node('a', async (self) => {
        const cursors: CursorStore = store.on(self);
        for (let round = 0; round < 50; round += 1) {
          await cursors.set('key', String(round));
        }
        return cursors.get('key');
      });
      await sim.run({ until: () => node.value !== undefined, within: 1000 });
      expect(node.value).toBe('49');
    },
    { faults: { store: true } },
  );
  expect(results.map(({ violation }) => violation)).toEqual(results.map(() => undefined));
});
