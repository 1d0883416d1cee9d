import { expect, test } from '@jest/globals';
import { simulate } from '@reprise/simulation';

import { ticketShop } from '../support/ticket-shop.ts';

test('SIM-R02 a ticket shop with a guard passes 5,000 seeds', async () => {
  const faults = { crash: true, store: true };
  const { seeds, reached } = await simulate(ticketShop(true), { seeds: 5000, faults });
  expect(seeds).toBe(5000);
  expect(reached['sold out']).toBeGreaterThan(0);
});
