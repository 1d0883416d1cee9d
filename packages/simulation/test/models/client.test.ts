import { expect, test } from '@jest/globals';
import { type Model, simulate } from '@reprise/simulation';

import storms from '../../models/client-storms.ts';
import { models } from '../../models/client.ts';

const [client, clientWithDedupe] = models as [Model, Model];

/** `npx pnpm simulate` runs more of them, outside of Jest. */
const seeds = 10;

test('SIM-W01 SIM-W03 SIM-W10 a client handles every event in order, its position is never ahead, and once the faults end all is handled', async () => {
  expect(await simulate(client, { seeds })).toMatchObject({ seeds });
});

test('SIM-W09 with dedupe nothing that was handled comes again, and the position never moves back', async () => {
  expect(await simulate(clientWithDedupe, { seeds })).toMatchObject({ seeds });
});

test('SIM-W02 a server that fails at once, always, gets few requests', async () => {
  expect(await simulate(storms, { seeds })).toMatchObject({ seeds });
});
