import { describe, expect, test } from '@jest/globals';
import { virtualClock } from '@reprise/actor/testing';

import { limitsOf } from '../../src/budget/limits.ts';
import { OriginGate, type Turn } from '../../src/budget/origin-gate.ts';
import { createSystem } from '../../src/index.ts';
import { mostWithin } from '../support/most-within.ts';

const defaults = limitsOf(createSystem()).origin;

/** Attempts at a gate, by number, and when each began. */
class Attempts {
  readonly clock = virtualClock();
  readonly gate: OriginGate;
  readonly turns: Turn[] = [];
  readonly begun: number[] = [];
  readonly times: number[] = [];
  #answered = 0;

  constructor(limits = defaults) {
    this.gate = new OriginGate(this.clock, limits);
  }

  enter(count: number): void {
    for (let index = 0; index < count; index += 1) {
      const number = this.turns.length;
      const turn = this.gate.enter(() => {
        this.begun.push(number);
        this.times.push(this.clock.now());
      });
      this.turns.push(turn);
    }
  }

  /** All that have begun get their answers. */
  answer(): void {
    const open = this.begun.slice(this.#answered);
    this.#answered = this.begun.length;
    for (const number of open) {
      this.turns[number]?.leave();
    }
  }
}

const inOrder = (count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => index);

describe('the gate of an origin', () => {
  test('REC-20 lets 10,000 attempts pass in their order, at most 600 in any second, and forgets none', async () => {
    const attempts = new Attempts();
    attempts.enter(10_000);
    for (let ms = 0; ms < 20_000; ms += 10) {
      attempts.answer();
      await attempts.clock.advance(10);
    }
    expect(attempts.begun).toEqual(inOrder(10_000));
    expect(mostWithin(1000, attempts.times)).toBeLessThanOrEqual(600);
    attempts.answer();
    await attempts.clock.advance(1000);
    expect(attempts.gate.isIdle).toBe(true);
  });

  test('REC-20 has at most 200 in flight; the next one begins when one of them has its answer', async () => {
    const attempts = new Attempts();
    attempts.enter(1000);
    await attempts.clock.advance(4000);
    expect(attempts.begun).toEqual(inOrder(200));
    attempts.turns[7]?.leave();
    expect(attempts.begun).toEqual(inOrder(201));
  });

  test('does not wait longer than 5 s for an answer', async () => {
    const attempts = new Attempts({ perSecond: 500, inFlight: 1 });
    attempts.enter(3);
    await attempts.clock.advance(4999);
    expect(attempts.begun).toEqual([0]);
    await attempts.clock.advance(1);
    expect(attempts.begun).toEqual([0, 1]);
    await attempts.clock.advance(5000);
    expect(attempts.begun).toEqual([0, 1, 2]);
  });

  test('REC-20 passes over an attempt that has left while it waited, and an attempt that leaves twice frees one place', async () => {
    const attempts = new Attempts({ perSecond: Infinity, inFlight: 2 });
    attempts.enter(6);
    attempts.turns[2]?.leave();
    attempts.turns[3]?.leave();
    attempts.turns[0]?.leave();
    attempts.turns[0]?.leave();
    expect(attempts.begun).toEqual([0, 1, 4]);
    attempts.turns[4]?.leave();
    expect(attempts.begun).toEqual([0, 1, 4, 5]);
  });

  test('has no timer left when all that waited have left', () => {
    let timers = 0;
    const clock = {
      now: () => 0,
      setTimeout: () => (timers += 1),
      clearTimeout: () => (timers -= 1),
    };
    const gate = new OriginGate(clock as never, { perSecond: 1, inFlight: 1 });
    const turns = [1, 2, 3].map(() => gate.enter(() => undefined));
    expect(timers).toBe(1);
    for (const turn of turns.toReversed()) {
      turn.leave();
    }
    expect(timers).toBe(0);
  });

  test('an attempt that does not wait counts, and leaves no debt', async () => {
    const attempts = new Attempts({ perSecond: 10, inFlight: 200 });
    for (let count = 0; count < 100; count += 1) {
      attempts.gate.begin();
    }
    attempts.enter(1);
    expect(attempts.begun).toEqual([]);
    await attempts.clock.advance(100);
    expect(attempts.begun).toEqual([0]);
  });
});
