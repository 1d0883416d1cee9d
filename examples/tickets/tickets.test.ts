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

test('a ticket that is sold twice is found, and the failure is made small', async () => {
  const failure = await failureOf(takeBlindly);
  expect(failure.seed).toBeLessThan(200);
  expect(failure.message).toMatch(/ticket \d was sold twice/);
  expect(failure.steps).toBeLessThanOrEqual(25);
  expect(failure.draws.wild).toBeLessThanOrEqual(12);
});

test('the failure is the same when its tape is replayed', async () => {
  const { tape, ...first } = await failureOf(takeBlindly);
  const again = await failureOf(takeBlindly, { replay: tape });
  expect(again.message).toBe(first.message);
  expect(again.steps).toBe(first.steps);
  expect(again.hash).toBe(first.hash);
});

test('an office that looks again sells no ticket twice', async () => {
  const { seeds, reached } = await simulate(ticketSale('tickets', takeTicket), { seeds: 1000 });
  expect(seeds).toBe(1000);
  expect(reached['sold out']).toBeGreaterThan(0);
});
