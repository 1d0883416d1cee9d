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
