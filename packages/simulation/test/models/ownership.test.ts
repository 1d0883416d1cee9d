import { expect, test } from '@jest/globals';
import { simulate } from '@reprise/simulation';

import ownership from '../../models/ownership.ts';
import wedged from '../../models/wedged-lease.ts';

/** `npx pnpm simulate` runs very many more of them, outside of Jest. */
const seeds = 100;

test('SIM-O01 SIM-O02 SIM-O05 SIM-01 each stream has one owner, each effect comes once, and all runs again after the faults', async () => {
  expect(await simulate(ownership, { seeds })).toMatchObject({ seeds });
});

test('SIM-03 a node whose lease hangs while a renewal is on its way has stopped before another takes over', async () => {
  expect(await simulate(wedged, { seeds: 1 })).toMatchObject({ seeds: 1 });
});
