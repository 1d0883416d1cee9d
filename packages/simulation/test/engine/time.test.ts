import { expect, test } from '@jest/globals';
import {
  cancelTimer,
  GenServer,
  noreply,
  ok,
  type Process,
  sendAfter,
  sendInterval,
  spawn,
} from '@reprise/actor';
import { runSeed, type Simulation } from '@reprise/simulation';

import { runSeeds, valuesOf } from '../support/seeds.ts';

/** Runs `main` on a node, and lets `ms` pass. */
async function onNode(
  sim: Simulation,
  ms: number,
  main: (system: Process['system']) => unknown,
): Promise<void> {
  sim.node('a', ({ system }) => {
    main(system);
  });
  await sim.sleep(ms);
}

const day = 86_400_000;

test('SIM-T01 a day of timers takes no real time', async () => {
  let ticks = 0;
  const from = process.cpuUsage();
  const { violation } = await runSeed(
    (sim) =>
      onNode(sim, day, (system) => {
        const pid = spawn<string>(system, async (self) => {
          for (;;) {
            await self.receive();
            ticks += 1;
          }
        });
        sendInterval(pid, 'tick', 60_000);
      }),
    { source: { seed: 0 } },
  );
  expect(violation).toBeUndefined();
  expect(ticks).toBeGreaterThan(1430);
  expect(ticks).toBeLessThanOrEqual(1440);
  // Of the thread, so that a busy machine does not matter.
  expect(process.cpuUsage(from).user).toBeLessThan(5_000_000);
});

test('SIM-T02 no timer fires before its time, each fires once, none after it was cancelled', async () => {
  const results = await runSeeds(
    300,
    async (sim) => {
      const fired: string[] = [];
      await onNode(sim, 2000, (system) => {
        const { clock } = system;
        const take = GenServer.define({
          init: () => ok(undefined),
          handleInfo: ({ name, due }: { readonly name: string; readonly due: number }) => {
            if (clock.now() < due) {
              throw new Error(`Expected ${name} at ${due}, got it at ${clock.now()}`);
            }
            fired.push(name);
            return noreply(undefined);
          },
        });
        void GenServer.start(system, take, undefined).then((pid) => {
          const begin = (name: string, ms: number) =>
            sendAfter(pid, { name, due: clock.now() + ms }, ms);
          begin('first', 1);
          begin('second', 250);
          const cancelled = begin('cancelled', 500);
          begin('last', 700);
          clock.setTimeout(() => cancelTimer(cancelled), 490);
        });
      });
      const crashed = sim.nodes.flatMap(({ reports }) => reports);
      if (crashed.length > 0 || fired.join() !== 'first,second,last') {
        throw new Error(`Expected three timers, got ${fired.join()}: ${JSON.stringify(crashed)}`);
      }
    },
    // With the clock a stall could delay the cancelling timer past the cancelled one.
    { faults: { clock: true } },
  );
  expect(results.filter(({ violation }) => violation !== undefined)).toEqual([]);
});

test('SIM-T03 timers of one instant in two nodes come in both orders, in one node as they were set', async () => {
  const orders = await valuesOf(50, (told) => async (sim) => {
    let order = '';
    for (const name of ['a', 'b']) {
      sim.node(name, ({ system }) => {
        for (const number of [1, 2]) {
          system.clock.setTimeout(() => {
            order += `${name}${number}`;
          }, 10);
        }
      });
    }
    await sim.sleep(100);
    told(order);
  });
  expect(orders).toContain('a1a2b1b2');
  expect(orders).toContain('b1b2a1a2');
  for (const order of orders) {
    expect(order.indexOf('a1')).toBeLessThan(order.indexOf('a2'));
    expect(order.indexOf('b1')).toBeLessThan(order.indexOf('b2'));
  }
});

test.each([0, 0.3, 1e-12, Number.NaN, -5])(
  'SIM-T04 a timer of %p ms takes 1 ms, and does not stop time',
  async (ms) => {
    const { violation } = await runSeed(
      async (sim) => {
        let count = 0;
        await onNode(sim, 100, ({ clock }) => {
          const again = (): void => {
            count += 1;
            clock.setTimeout(again, ms);
          };
          again();
        });
        if (count < 50 || count > 101) {
          throw new Error(`Expected about 100 timers in 100 ms, got ${count}`);
        }
      },
      { source: { seed: 0 } },
    );
    expect(violation).toBeUndefined();
  },
);

test.each([0.01, -0.01])(
  'SIM-T04 a timer that is early and set again does not stop time, on a clock off by %p',
  async (drift) => {
    const { violation } = await runSeed(
      async (sim) => {
        const node = sim.node('a', ({ system }) => system);
        node.skew({ drift });
        let late = 0;
        for (let times = 0; times < 50; times += 1) {
          const due = node.system.clock.now() + 3.7;
          await new Promise<void>((resolve) => {
            const wait = (): void => {
              const left = due - node.system.clock.now();
              if (left <= 0) {
                late = Math.max(late, -left);
                resolve();
              } else {
                node.system.clock.setTimeout(wait, Math.ceil(left));
              }
            };
            wait();
          });
          await sim.sleep(0.3);
        }
        if (late > 4) {
          throw new Error(`Expected timers that are a little late, got ${late} ms`);
        }
      },
      { source: { seed: 1 } },
    );
    expect(violation).toBeUndefined();
  },
);

test('SIM-T04 a timer of 2^31 ms arrives, one of Infinity does not', async () => {
  const fired: string[] = [];
  await runSeed(
    (sim) =>
      onNode(sim, 2 ** 31 + 10, ({ clock }) => {
        clock.setTimeout(() => fired.push(`long ${Math.floor(clock.now())}`), 2 ** 31);
        clock.setTimeout(() => fired.push('never'), Infinity);
      }),
    { source: { tape: {} } },
  );
  expect(fired).toEqual([`long ${2 ** 31}`]);
});

test('SIM-T05 a held thread lets timers pass that fell due, and no slow callback is reported', async () => {
  const orders = await valuesOf(
    500,
    (told) => async (sim) => {
      let order = '';
      const node = sim.node('a', ({ system }) => {
        system.clock.setTimeout(() => {
          order += 'timer ';
        }, 5);
        return GenServer.start(
          system,
          GenServer.define({
            init: () => ok(undefined),
            handleCast: {
              go: () => {
                order += 'turn ';
                return noreply(undefined);
              },
            },
          }),
          undefined,
        );
      });
      await sim.run({ until: () => node.value !== undefined });
      if (node.value !== undefined) {
        GenServer.cast(node.value, 'go');
      }
      await sim.sleep(1000);
      told(order);
      if (node.reports.length > 0) {
        throw new Error(`Expected no report, got ${JSON.stringify(node.reports)}`);
      }
    },
    { faults: { stall: true } },
  );
  expect(orders).toEqual(new Set(['turn timer ', 'timer turn ']));
});
