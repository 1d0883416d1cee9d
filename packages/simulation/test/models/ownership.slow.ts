import { expect, jest, test } from '@jest/globals';
import { runSeed, simulate } from '@reprise/simulation';

import ownership from '../../models/ownership.ts';
import { Judge } from '../../models/support/ownership/judge.ts';
import { drawMix } from '../../models/support/ownership/mix.ts';
import { World } from '../../models/support/ownership/world.ts';

test('LEASE-11 no two owners while clocks go 5 % fast and 5 % slow', async () => {
  const { seeds } = await simulate(
    (sim) => {
      new World(sim, drawMix(sim, 0.05)).play();
    },
    { seeds: 1000 },
  );
  expect(seeds).toBe(1000);
}, 600_000);

test('SIM-01 10,000 seeds have no violation', async () => {
  const seeds = 10_000;
  expect(await simulate(ownership, { seeds })).toMatchObject({ seeds });
  // Three minutes on a quiet core.
}, 1_800_000);

test('SIM-01 a seed that is given again makes the same log, byte for byte', async () => {
  const logs = new Set<string>();
  for (let seed = 0; seed < 100; seed += 1) {
    const log = await logOf(seed);
    expect(await logOf(seed)).toBe(log);
    logs.add(log);
  }
  expect(logs.size).toBe(100);
}, 600_000);

/** All that a run does, draws, and is judged by. */
async function logOf(seed: number): Promise<string> {
  const lines: string[] = [];
  const methods = ['begins', 'asks', 'stops', 'gave', 'wrote', 'committed'] as const;
  const spies = methods.map((name) => jest.spyOn(Judge.prototype, name));
  const { tape, trace, hash } = await runSeed(ownership.program, {
    source: { seed },
    keep: Infinity,
  });
  for (const spy of spies) {
    lines.push(JSON.stringify(spy.mock.calls));
    spy.mockRestore();
  }
  return [...lines, JSON.stringify({ tape, trace, hash })].join('\n');
}
