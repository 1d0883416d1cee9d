import { expect, test } from '@jest/globals';
import { simulate, SimulationError } from '@reprise/simulation';

import { type TakeTicket, takeBlindly, takeTicket } from './take-ticket.ts';
import { ticketSale } from './tickets.ts';

/** The failure that the simulation of an office finds. */
async function failureOf(
  take: TakeTicket,
  options?: Parameters<typeof simulate>[1],
): Promise<SimulationError['report']['failure']> {
  try {
    await simulate(ticketSale('tickets', take), options);
  } catch (error) {
    if (error instanceof SimulationError) {
      return error.report.failure;
    }
    throw error;
  }
  throw new Error('Expected a failure, got none');
}

test('a ticket that is sold twice is found, and the failure is made small and can be replayed', async () => {
  const { tape, ...failure } = await failureOf(takeBlindly);
  expect(failure.seed).toBeLessThan(200);
  expect(failure.message).toMatch(/ticket \d was sold twice/);
  expect(failure.steps).toBeLessThanOrEqual(25);
  expect(failure.draws.wild).toBeLessThanOrEqual(12);
  const again = await failureOf(takeBlindly, { replay: tape });
  expect(again.message).toBe(failure.message);
  expect(again.steps).toBe(failure.steps);
  expect(again.hash).toBe(failure.hash);
});

test('an office that looks again sells no ticket twice', async () => {
  const { seeds, reached } = await simulate(ticketSale('tickets', takeTicket), { seeds: 200 });
  expect(seeds).toBe(200);
  expect(reached['sold out']).toBeGreaterThan(0);
});
