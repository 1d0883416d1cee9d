import { expect, test } from '@jest/globals';
import {
  GenServer,
  noreply,
  ok,
  type Pid,
  type Process,
  processInfo,
  reply,
  send,
  spawn,
} from '@reprise/actor';
import { type Program, runSeed, type Simulation } from '@reprise/simulation';

import { runSeeds, valuesOf } from '../support/seeds.ts';

/** Tells its name when it is told to. */
const teller = GenServer.define({
  init: (tell: () => void) => ok(tell),
  handleCast: {
    tell: (_, tell) => {
      tell();
      return noreply(tell);
    },
  },
});

/** Runs `main` on a node, waits until it has returned and nothing can happen any more. */
async function onNode(
  sim: Simulation,
  main: (system: Process) => void | Promise<void>,
): Promise<void> {
  const node = sim.node('a', async ({ system }) => {
    await main(system);
    return true;
  });
  await sim.run({ until: () => node.value === true });
  await sim.sleep(1000);
}

test('SIM-S01 three ready processes run in all six orders', async () => {
  const orders = await valuesOf(200, (told) => async (sim) => {
    let order = '';
    await onNode(sim, async (system) => {
      const pids = await Promise.all(
        ['1', '2', '3'].map((name) =>
          GenServer.start(system, teller, () => {
            order += name;
          }),
        ),
      );
      for (const pid of pids) {
        GenServer.cast(pid, 'tell');
      }
    });
    told(order);
  });
  expect([...orders].toSorted()).toEqual(['123', '132', '213', '231', '312', '321']);
});

test('SIM-S02 the messages of a sender to a receiver keep their order in every seed', async () => {
  const orders = await valuesOf(300, (told) => async (sim) => {
    let order = '';
    const receiver = GenServer.define({
      init: () => ok(undefined),
      handleCall: {
        ask: async (name: string) => {
          order += name;
          await Promise.resolve();
          return reply(undefined, undefined);
        },
      },
      handleCast: {
        take: (name: string) => {
          order += name;
          return noreply(undefined);
        },
      },
    });
    await onNode(sim, async (system) => {
      const pid = await GenServer.start(system, receiver, undefined);
      spawn(system, async () => {
        GenServer.cast(pid, 'take', '1');
        const asked = GenServer.call(pid, 'ask', '2');
        GenServer.cast(pid, 'take', '3');
        await asked;
        GenServer.cast(pid, 'take', '4');
        await GenServer.call(pid, 'ask', '5');
      });
    });
    told(order);
  });
  expect([...orders]).toEqual(['12345']);
});

/** A process whose callback awaits 50 times: the steps that others told meanwhile. */
async function chainOf(system: Process, begun: () => void): Promise<() => boolean> {
  let isInside = false;
  const chain = GenServer.define({
    init: () => ok(undefined),
    handleCast: {
      go: async () => {
        isInside = true;
        begun();
        for (let step = 0; step < 50; step += 1) {
          await Promise.resolve();
        }
        isInside = false;
        return noreply(undefined);
      },
    },
  });
  const pid = await GenServer.start(system, chain, undefined);
  GenServer.cast(pid, 'go');
  return () => isInside;
}

test('SIM-S03 a timer that is due never fires inside a chain of awaits', async () => {
  const seen = await valuesOf(
    300,
    (told) => async (sim) => {
      await onNode(sim, async (system) => {
        let isInside: (() => boolean) | undefined;
        for (let count = 0; count < 20; count += 1) {
          system.system.clock.setTimeout(() => {
            told(String(isInside?.() ?? false));
          }, count % 3);
        }
        isInside = await chainOf(system, () => undefined);
      });
    },
    { faults: { stall: true } },
  );
  expect([...seen]).toEqual(['false']);
});

test('SIM-S04 a process of the node has its turn inside such a chain, or after it', async () => {
  const seen = await valuesOf(500, (told) => async (sim) => {
    await onNode(sim, async (system) => {
      let isInside = (): boolean => false;
      const other = await GenServer.start(system, teller, () => {
        told(isInside() ? 'inside' : 'after');
      });
      isInside = await chainOf(system, () => {
        GenServer.cast(other, 'tell');
      });
    });
  });
  expect(seen).toEqual(new Set(['inside', 'after']));
});

test('SIM-S05 a process of another node never has its turn inside such a chain', async () => {
  const seen = await valuesOf(300, (told) => async (sim) => {
    let isInside = (): boolean => false;
    const other = sim.node('b', ({ system }) =>
      GenServer.start(system, teller, () => {
        told(isInside() ? 'inside' : 'outside');
      }),
    );
    await sim.run({ until: () => other.value !== undefined });
    await onNode(sim, async (system) => {
      isInside = await chainOf(system, () => {
        if (other.value !== undefined) {
          GenServer.cast(other.value, 'tell');
        }
      });
    });
  });
  expect([...seen]).toEqual(['outside']);
});

test.each([
  ['returns', (): void => undefined],
  [
    'throws',
    (): void => {
      throw new Error('no');
    },
  ],
] as const)(
  'SIM-S06 a function process that takes a message and %s has ended before others have a turn',
  async (_, end) => {
    const seen = await valuesOf(
      500,
      (told) => (sim) =>
        onNode(sim, async (system) => {
          const taker: Pid<string> = spawn(system, async (self) => {
            await self.receive();
            end();
          });
          const others = await Promise.all(
            ['1', '2', '3'].map(() =>
              GenServer.start(system, teller, () => {
                const { messageQueueLen } = processInfo(taker) ?? {};
                told(messageQueueLen === 0 ? 'has taken it' : 'before or after');
              }),
            ),
          );
          for (const other of others) {
            GenServer.cast(other, 'tell');
          }
          send(taker, 'x');
        }),
    );
    expect([...seen]).toEqual(['before or after']);
  },
);

test('SIM-S07 a process that makes itself ready for ever is stuck, not a hang', async () => {
  const { violation, trace } = await runSeed(
    (sim) =>
      onNode(sim, (system) => {
        const pid: Pid<string> = spawn(system, async (self) => {
          for (;;) {
            send(pid, await self.receive());
          }
        });
        send(pid, 'again');
      }),
    { source: { seed: 0 } },
  );
  expect(violation).toMatchObject({
    kind: 'stuck',
    message: 'Expected time to pass, got 20000 steps at one instant',
    t: expect.any(Number),
  });
  expect(violation?.step).toBeGreaterThan(20_000);
  expect(trace).toHaveLength(50);
});

test('SIM-S08 promises that wait for nothing are listed', async () => {
  const never = GenServer.define({
    init: () => ok(undefined),
    handleCall: { ask: () => new Promise<never>(() => undefined) },
  });
  const { violation } = await runSeed(
    async (sim) => {
      const node = sim.node('a', ({ system }) => GenServer.start(system, never, undefined));
      await sim.run({ until: () => node.value !== undefined });
      await sim.request(node, (pid) =>
        GenServer.call(pid, 'ask', undefined, { timeout: Infinity }),
      );
    },
    { source: { seed: 0 } },
  );
  expect(violation?.kind).toBe('stuck');
  expect(violation?.message).toBe(
    [
      'Expected the program to end, got nothing that can still happen',
      'a #Pid<2> waits for the promise of handleCall.ask',
      'test waits for an answer of a',
    ].join('\n'),
  );
});

test('SIM-S09 a reader that is told after its writer fails only where turns have any order', async () => {
  const program: Program = (sim) =>
    onNode(sim, async (system) => {
      let isWritten = false;
      const writer = await GenServer.start(system, teller, () => {
        isWritten = true;
      });
      const reader = await GenServer.start(system, teller, () => {
        if (!isWritten) {
          sim.engine.fail('violation', 'Expected the value of the writer, got none');
        }
      });
      GenServer.cast(writer, 'tell');
      GenServer.cast(reader, 'tell');
    });
  const results = await runSeeds(50, program);
  const failed = results.filter(({ violation }) => violation !== undefined);
  expect(failed.length).toBeGreaterThan(0);
  expect(failed.map(({ order }) => order)).not.toContain('oldest');
  const ordered = await runSeeds(50, program, { isOrdered: true });
  expect(ordered.filter(({ violation }) => violation !== undefined)).toEqual([]);
});
