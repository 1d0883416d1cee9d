import { describe, expect, test } from '@jest/globals';

import { type Failure, failureOf } from '../../src/run/failure.ts';
import type { SeedResult } from '../../src/run/seed-run.ts';
import { shrink, shrinkLimits } from '../../src/shrink/shrink.ts';

type Tape = Failure['tape'];

/** The run of a tape, of which `judge` says how it failed, if it did. */
function runOf(tape: Tape, judge: (tape: Tape) => string | undefined): SeedResult {
  const message = judge(tape);
  return {
    violation: message === undefined ? undefined : { kind: 'violation', message, step: 1, t: 0 },
    hash: JSON.stringify([tape, message]),
    steps: 1,
    draws: Object.values(tape).flat().length,
    tape,
    isMisfit: false,
    trace: [],
    reached: new Map(),
    order: 'oldest',
    escapes: [],
    time: 0,
  };
}

async function shrunk(tape: Tape, judge: (tape: Tape) => string | undefined, limits = {}) {
  let runs = 0;
  const found = failureOf(runOf(tape, judge)) as Failure;
  const result = await shrink(
    (candidate) => {
      runs += 1;
      return Promise.resolve(runOf(candidate, judge));
    },
    found,
    { runs: 3000, ms: 30_000, ...limits },
  );
  return { ...result, counted: runs };
}

const random = (length: number, below: number): readonly number[] =>
  Array.from({ length }, (_, at) => 1 + ((at * 7919) % (below - 1)));

describe('shrinking', () => {
  test('makes tame what the failure does not need, and the rest as small as it can be', async () => {
    const tape = { swarm: random(10, 4), turns: random(200, 9), 'link a': random(300, 1000) };
    const { failure } = await shrunk(tape, ({ turns = [], swarm = [] }) =>
      turns.some((draw) => draw >= 5) && swarm[1] !== undefined && swarm[1] >= 2
        ? 'wrong'
        : undefined,
    );
    expect(failure.tape).toEqual({ swarm: [0, 2], turns: [5], 'link a': [] });
  });

  test('deletes draws between those that are needed', async () => {
    const { failure } = await shrunk({ turns: random(64, 9) }, ({ turns = [] }) =>
      turns.reduce((sum, draw) => sum + draw, 0) >= 20 ? 'wrong' : undefined,
    );
    expect(failure.draws.all).toBeLessThanOrEqual(4);
  });

  test('takes the same words with other numbers for the same failure', async () => {
    const { failure } = await shrunk({ test: [40] }, ({ test: [draw = 0] = [] }) =>
      draw > 2 ? `${draw} is more than 2` : undefined,
    );
    expect(failure).toMatchObject({ message: '3 is more than 2', tape: { test: [3] } });
  });

  test('SIM-R03 never ends in another failure', async () => {
    const { failure } = await shrunk({ test: [40] }, ({ test: [draw = 0] = [] }) =>
      draw > 10 ? 'large' : draw > 0 ? 'small' : undefined,
    );
    expect(failure).toMatchObject({ message: 'large', tape: { test: [11] } });
  });

  test('tells the draws before and after, and counts its runs', async () => {
    const result = await shrunk({ turns: [0, 3, 5, 9] }, ({ turns = [] }) =>
      turns.includes(9) ? 'wrong' : undefined,
    );
    expect(result.before).toEqual({ all: 4, wild: 3 });
    expect(result.failure.draws).toEqual({ all: 1, wild: 1 });
    // One run before, to see that it fails again, and one after, for the whole trace.
    expect(result.counted).toBe(result.runs + 2);
  });
});

describe('shrinking stops', () => {
  /** Half of the draws can go at once, each other one only be halved: that takes many runs. */
  const endless = ({ turns = [] }: Tape): string | undefined =>
    turns.length >= 250 && turns.slice(0, 250).every((draw) => draw > 0) ? 'wrong' : undefined;

  test('SIM-R04 after its runs, with the best so far', async () => {
    const { runs, failure } = await shrunk({ turns: random(500, 1000) }, endless, { runs: 100 });
    expect(runs).toBe(100);
    expect(endless(failure.tape)).toBe('wrong');
    expect(sumOf(failure.tape)).toBeLessThan(sumOf({ turns: random(500, 1000) }));
  });

  test('SIM-R04 after its time, with the best so far', async () => {
    const { runs, failure } = await shrunk({ turns: random(500, 1000) }, endless, { ms: 1 });
    expect(runs).toBeLessThan(3000);
    expect(endless(failure.tape)).toBe('wrong');
  });

  test('SIM-R04 after 3,000 runs or 30 s if nothing else is said', () => {
    expect(shrinkLimits).toEqual({ runs: 3000, ms: 30_000 });
  });
});

function sumOf(tape: Tape): number {
  return Object.values(tape)
    .flat()
    .reduce((sum, draw) => sum + draw, 0);
}

test('a failure that does not come again is a divergence', async () => {
  let runs = 0;
  const found = failureOf(runOf({ turns: [1] }, () => 'wrong')) as Failure;
  const { failure } = await shrink((tape) => {
    runs += 1;
    return Promise.resolve(runOf(tape, () => (runs % 2 === 0 ? 'wrong' : undefined)));
  }, found);
  expect(failure).toMatchObject({
    kind: 'divergence',
    message: 'Expected the same steps when it was run again, got another end: none, then wrong',
  });
});
