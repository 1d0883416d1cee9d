import { expect, test } from '@jest/globals';
import { type Model, simulate } from '@reprise/simulation';

import storms from '../../models/client-storms.ts';
import { models } from '../../models/client.ts';

const [client, clientWithDedupe] = models as [Model, Model];

test('SIM-W01 SIM-W03 SIM-W10 a client handles every event in order, its position is never ahead, and once the faults end all is handled', async () => {
  const { seeds } = await simulate(client, { seeds: 40 });
  expect(seeds).toBe(40);
});

test('SIM-W09 with dedupe nothing that was handled comes again, and the position never moves back', async () => {
  const { seeds } = await simulate(clientWithDedupe, { seeds: 40 });
  expect(seeds).toBe(40);
});

test('SIM-W02 a server that fails at once, always, gets few requests', async () => {
  const { seeds } = await simulate(storms, { seeds: 40 });
  expect(seeds).toBe(40);
});

const mutants = models.flatMap((model) => Object.keys(model.mutants ?? {}));

test.each([
  ['SIM-W04', 'an event counts as handled before its handler settles', 100],
  ['SIM-W05', 'the next client does not wait for the last write', 3500],
  ['SIM-W06', 'a request goes on from the last event that was read', 8000],
  ['SIM-W07', 'a kill leaves the connection open', 100],
  ['SIM-W07', 'a connection that was paused is not resumed', 100],
  ['SIM-W07', 'a stop does not wait for the write of the position', 100],
  ['SIM-W09', 'a server that repeats itself moves the position back', 10_000],
  ['SIM-W10', 'a start that is given up keeps the position until its read has an answer', 10_000],
] as const)('%s has the mutant: %s', (_row, mutant, within) => {
  expect(mutants).toContain(mutant);
  const found = models.map((model) => model.mutants?.[mutant]).find((one) => one !== undefined);
  expect(found?.within).toBeLessThanOrEqual(within);
});
