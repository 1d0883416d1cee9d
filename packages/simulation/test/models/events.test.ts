import { expect, test } from '@jest/globals';
import { simulate } from '@reprise/simulation';

import events from '../../models/events.ts';
import minds from '../../models/minds.ts';

/** `npx pnpm simulate` runs more of them, outside of Jest. */
const seeds = 10;

test('SIM-W08 a client that changes its mind follows its newest wish alone', async () => {
  expect(await simulate(minds, { seeds })).toMatchObject({ seeds });
});

test('SIM-W11 loops over events that end at any instant leave no connection and no promise', async () => {
  expect(await simulate(events, { seeds })).toMatchObject({ seeds });
});
