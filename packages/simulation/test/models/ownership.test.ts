import { expect, test } from '@jest/globals';
import { simulate } from '@reprise/simulation';

import ownership from '../../models/ownership.ts';

/** `npx pnpm simulate` runs more of them, outside of Jest. */
const seeds = 60;

test('SIM-O01 SIM-O02 SIM-O05 an effect begins on the owner alone, and each stream has one again', async () => {
  expect(await simulate(ownership, { seeds })).toMatchObject({ seeds });
});
