import { expect, test } from '@jest/globals';
import {
  exit,
  GenServer,
  kill,
  monitor,
  noreply,
  ok,
  type Process,
  spawn,
  trapExit,
} from '@reprise/actor';
import { runSeed, type SimulatedNode } from '@reprise/simulation';

import { runSeeds } from '../support/seeds.ts';

/** A server that tells of everything that a stop would tell it. */
function witness(tell: (told: string) => void) {
  return GenServer.define({
    init: (_, self) => {
      trapExit(self, true);
      self.signal.addEventListener('abort', () => {
        tell('abort');
      });
      return ok(undefined);
    },
    handleInfo: (message: { readonly type: string }) => {
      tell(`message ${message.type}`);
      return noreply(undefined);
    },
    terminate: () => {
      tell('terminate');
    },
  });
}

test('SIM-C01 a crash tells nobody on the node: no terminate, no abort event, no DOWN', async () => {
  const told: string[] = [];
  const { violation } = await runSeed(
    async (sim) => {
      const node = sim.node('a', async ({ system, starts }) => {
        const behaviour = witness((text) => told.push(`${text} of life ${starts}`));
        const server = await GenServer.startLink(system, behaviour, undefined);
        spawn(system, async (self) => {
          monitor(self, server);
          await self.receive();
          told.push('DOWN');
        });
        return system;
      });
      await sim.run({ until: () => node.value !== undefined });
      node.crash();
      await sim.sleep(60_000);
      expect(told).toEqual([]);
      // A stop tells them: they would have heard.
      node.restart();
      await sim.run({ until: () => node.value !== undefined });
      await sim.request(node, (system) => system.stop());
      await sim.sleep(1000);
    },
    { source: { seed: 0 } },
  );
  expect(violation).toBeUndefined();
  expect(told.toSorted()).toEqual(['DOWN', 'abort of life 2', 'terminate of life 2']);
});

test('SIM-C01 others learn of a crash by the connections that it ends, and by silence', async () => {
  const { violation } = await runSeed(
    async (sim) => {
      const node = sim.node('a', () => ({ never: () => new Promise<never>(() => undefined) }));
      await sim.run({ until: () => node.value !== undefined });
      const asked = sim.request(node, ({ never }) => never());
      await sim.sleep(1000);
      node.crash();
      await expect(asked).rejects.toMatchObject({ code: 'ECONNRESET' });
      await expect(sim.request(node, () => undefined)).rejects.toMatchObject({
        code: 'ECONNREFUSED',
      });
    },
    { source: { seed: 0 } },
  );
  expect(violation).toBeUndefined();
});

/** A server whose callback awaits `first`, and then calls `second`. */
async function startWriter(
  system: Process,
  first: () => Promise<unknown>,
  second: () => Promise<unknown>,
): Promise<() => void> {
  const writer = GenServer.define({
    init: () => ok(undefined),
    handleCast: {
      write: async () => {
        await first();
        await second();
        return noreply(undefined);
      },
    },
  });
  const pid = await GenServer.start(system, writer, undefined);
  GenServer.cast(pid, 'write');
  return () => {
    exit(system, pid, kill);
  };
}

const waits: Readonly<Record<string, (node: SimulatedNode) => Promise<unknown>>> = {
  'a disk': (node) => node.disk.write('log', 'first'),
  'a timer': () =>
    new Promise((resolve) => {
      setTimeout(resolve, 2);
    }),
};

for (const [what, wait] of Object.entries(waits)) {
  test(`SIM-C04 a process is killed as it waits for ${what}: its code goes on, its calls count and are marked`, async () => {
    const { violation, trace } = await runSeed(
      async (sim) => {
        const store = sim.store<{ value: string }>();
        const node = sim.node('a', async (self) => {
          const connection = store.on(self);
          const killWriter = await startWriter(
            self.system,
            () => wait(self),
            () => connection.set('value', 'of the dead'),
          );
          // In the turn of the writer, or before: it waits when it is killed.
          await connection.get('value');
          killWriter();
          return true;
        });
        await sim.run({ until: () => node.value === true });
        await sim.sleep(1000);
        expect(store.peek('value')).toBe('of the dead');
      },
      { source: { tape: {} }, keep: 1000 },
    );
    expect(violation).toBeUndefined();
    expect(trace.filter(({ what: said }) => said.startsWith('set value'))).toEqual([
      expect.objectContaining({
        kind: 'port',
        node: 'store',
        what: 'set value for a #Pid<2> a process that has ended',
      }),
    ]);
  });
}

test('SIM-C04 calls of a process that lives are those of a process', async () => {
  const { trace } = await runSeed(
    async (sim) => {
      const store = sim.store<{ value: string }>();
      sim.node('a', async (self) => {
        const connection = store.on(self);
        await startWriter(
          self.system,
          () => connection.set('value', 'first'),
          () => connection.set('value', 'second'),
        );
      });
      await sim.sleep(1000);
    },
    { source: { tape: {} }, keep: 1000 },
  );
  const said = trace.filter(({ kind }) => kind === 'port').map(({ what }) => what);
  expect(said).toEqual([
    'set value for a #Pid<2>',
    'did set value #Pid<2>',
    'set value for a #Pid<2>',
    'did set value #Pid<2>',
  ]);
});

test('SIM-C05 a second, shorter pause does not end the first, and nothing overtakes', async () => {
  const results = await runSeeds(20, async (sim) => {
    const ran: string[] = [];
    const node = sim.node('a', () => {
      setTimeout(() => ran.push('first'), 1500);
      setTimeout(() => ran.push('second'), 3000);
    });
    await sim.sleep(1000);
    node.pause(4000);
    await sim.sleep(1000);
    node.pause(500);
    await sim.sleep(2900);
    expect(ran).toStrictEqual([]);
    await sim.sleep(200);
    expect(ran).toStrictEqual(['first', 'second']);
  });
  expect(results.map(({ violation }) => violation?.message)).toStrictEqual(
    results.map(() => undefined),
  );
});

test('SIM-C05 in a pause of 6 s nothing of the node runs; then timers fire late, in order', async () => {
  const results = await runSeeds(50, async (sim) => {
    const ran: { readonly what: string; readonly at: number }[] = [];
    const run = (what: string) => (): void => {
      ran.push({ what, at: sim.now });
    };
    const counter = GenServer.define({
      init: () => ok(undefined),
      handleCast: {
        take: (what: string) => {
          run(what)();
          return noreply(undefined);
        },
      },
    });
    const node = sim.node('a', async ({ system }) => {
      setTimeout(run('timer 2'), 3000);
      setTimeout(run('timer 1'), 2000);
      setTimeout(run('timer 3'), 5000);
      return GenServer.start(system, counter, undefined);
    });
    await sim.sleep(1000);
    const from = sim.now;
    node.pause(6000);
    await sim.sleep(1000);
    const asked = sim.request(node, (pid) => {
      GenServer.cast(pid, 'take', 'request');
    });
    await sim.sleep(10_000);
    await asked;
    expect(ran.every(({ at }) => at >= from + 6000 && at < from + 6100)).toBe(true);
    expect(ran.map(({ what }) => what).filter((what) => what !== 'request')).toEqual([
      'timer 1',
      'timer 2',
      'timer 3',
    ]);
    expect(ran).toHaveLength(4);
  });
  expect(results.map(({ violation }) => violation)).toEqual(results.map(() => undefined));
});
