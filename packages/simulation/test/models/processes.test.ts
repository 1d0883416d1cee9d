import { expect, test } from '@jest/globals';
import { simulate } from '@reprise/simulation';

import registries from '../../models/registries.ts';
import servers from '../../models/servers.ts';
import signals from '../../models/signals.ts';

/** `npx pnpm simulate` runs more of them, outside of Jest. */
const seeds = 20;

test('SIM-A08 SIM-S02 calls with every kind of answer and end settle once, and all comes in order', async () => {
  expect(await simulate(servers, { seeds })).toMatchObject({ seeds });
});

test('SIM-A10 SIM-S02 each process is told of ends once, in order, and ends for a cause', async () => {
  expect(await simulate(signals, { seeds })).toMatchObject({ seeds });
});

test('SIM-A11 keys, names and locks have one holder, and nobody that has ended has any', async () => {
  expect(await simulate(registries, { seeds })).toMatchObject({ seeds });
});
