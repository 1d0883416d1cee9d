import { describe, expect, test } from '@jest/globals';
import { virtualClock } from '@reprise/actor/testing';
import fc from 'fast-check';

import { limitsOf } from '../../src/budget/limits.ts';
import { RequestBudget } from '../../src/budget/request-budget.ts';
import { createSystem } from '../../src/index.ts';
import { mostWithin } from '../support/most-within.ts';

const defaults = limitsOf(createSystem()).client;

describe('the budget of a client', () => {
  test('REC-19 allows at most 5 requests in any second and 20 in any minute, however impatient the client is', async () => {
    const pauses = fc.array(fc.oneof(fc.constant(0), fc.nat(2000), fc.nat(30_000)), {
      minLength: 30,
      maxLength: 60,
    });
    await fc.assert(
      fc.asyncProperty(pauses, async (given) => {
        const clock = virtualClock();
        const budget = new RequestBudget(clock, defaults);
        const times: number[] = [];
        for (const pause of given) {
          await clock.advance(Math.max(pause, budget.wait));
          times.push(clock.now());
          budget.take();
        }
        expect(mostWithin(1000, times)).toBeLessThanOrEqual(5);
        expect(mostWithin(60_000, times)).toBeLessThanOrEqual(20);
      }),
    );
  });

  test('never makes a client wait longer than 4 s, and is full again after 20 s', async () => {
    const clock = virtualClock();
    const budget = new RequestBudget(clock, defaults);
    const waits = [1, 2, 3, 4, 5].map(() => {
      budget.take();
      return budget.wait;
    });
    expect(waits).toEqual([0, 0, 0, 0, 4000]);
    await clock.advance(19_999);
    expect(budget.isFull).toBe(false);
    await clock.advance(1);
    expect([budget.isFull, budget.wait]).toEqual([true, 0]);
  });

  test('is that much larger for a client whose first delay is shorter than a second', () => {
    const budget = new RequestBudget(virtualClock(), defaults);
    budget.setPace(10);
    for (let count = 0; count < 5; count += 1) {
      budget.take();
    }
    expect(budget.wait).toBe(40);
  });
});

describe('after a refusal the next request waits', () => {
  test.each([
    [() => 0, [1250, 1250, 1250, 2500, 5000, 10_000, 20_000, 30_000, 30_000]],
    [() => 1, [1500, 1500, 1500, 3000, 6000, 12_000, 24_000, 36_000, 36_000]],
  ])(
    'REC-21 longer with each in a row; three waits are less than 5 s',
    async (random, expected) => {
      const clock = virtualClock();
      const budget = new RequestBudget(clock, defaults);
      for (const wait of expected) {
        budget.take();
        budget.refused(random);
        const rest = Math.max(wait, budget.wait);
        expect(budget.wait).toBeCloseTo(rest);
        await clock.advance(rest);
      }
    },
  );

  test('from the time of the refused request on, however long its answer took', async () => {
    const clock = virtualClock();
    const budget = new RequestBudget(clock, defaults);
    budget.take();
    await clock.advance(1000);
    budget.refused(() => 0);
    expect(budget.wait).toBe(250);
  });

  test('the least time again once a request was accepted', async () => {
    const clock = virtualClock();
    const budget = new RequestBudget(clock, defaults);
    for (let count = 0; count < 5; count += 1) {
      await clock.advance(60_000);
      budget.take();
      budget.refused(() => 0);
    }
    expect(budget.wait).toBe(5000);
    await clock.advance(60_000);
    budget.take();
    budget.accepted();
    budget.refused(() => 0);
    expect(budget.wait).toBe(1250);
  });
});
