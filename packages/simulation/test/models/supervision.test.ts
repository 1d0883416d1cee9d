import { expect, test } from '@jest/globals';
import { simulate } from '@reprise/simulation';

import supervisors from '../../models/supervisors.ts';
import tasks from '../../models/tasks.ts';
import timers from '../../models/timers.ts';

/** `npx pnpm simulate` runs more of them, outside of Jest. */
const seeds = 20;

test('SIM-A01 supervisors of all kinds keep to the rules of OTP, whatever happens to their children', async () => {
  expect(await simulate(supervisors, { seeds })).toMatchObject({ seeds });
});

test('SIM-A12 streams of tasks keep to their order and their limits, and leave nothing behind', async () => {
  expect(await simulate(tasks, { seeds })).toMatchObject({ seeds });
});

test('SIM-A13 SIM-T02 timers of all kinds come in time and in order, once, and not after they were cancelled', async () => {
  expect(await simulate(timers, { seeds })).toMatchObject({ seeds });
});
