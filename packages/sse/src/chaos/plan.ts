import { checkedFault } from './checked-fault.ts';
import type { Fault } from './fault.ts';
import type { Random } from './random.ts';

/** What a plan is asked: what happens to this connection? */
export interface Turn {
  readonly stream: string;
  /** From 1 on; requests are counted, those after a redirect too. */
  readonly connection: number;
  /**
   * Follows from the seed, the name of the stream and the number of the connection, and from
   * nothing else.
   */
  readonly random: Random;
}

/**
 * Says what goes wrong with a connection; `undefined` for nothing, ever. What it says must follow
 * from the turn alone, so that a run can be repeated.
 */
export type FaultPlan = (turn: Turn) => Fault | undefined;

/** What may happen: the chance is its weight in the sum of all. */
export interface Choice {
  readonly weight: number;
  readonly fault: Fault | undefined | ((random: Random) => Fault | undefined);
}

/**
 * One of these for each connection, at random.
 * @throws RangeError unless every weight is a number from 0 on and one is above it; and as
 * `inOrder` does, for a fault that no function gives.
 */
export function weighted(choices: readonly Choice[]): FaultPlan {
  const sum = choices.reduce((total, { weight }) => total + checked(weight), 0);
  if (!(sum > 0)) {
    throw new RangeError(`Expected a choice with a weight above 0, got ${choices.length} without`);
  }
  for (const { fault } of choices) {
    if (typeof fault !== 'function') {
      checkedFault(fault);
    }
  }
  return ({ random }) => {
    let left = random() * sum;
    const choice = choices.find(({ weight }) => (left -= weight) < 0);
    return typeof choice?.fault === 'function' ? choice.fault(random) : choice?.fault;
  };
}

/**
 * The first for the first connection of each stream, and so on; nothing goes wrong any more after
 * the last.
 * @throws TypeError for what is no fault; RangeError for a number of one that is none, or below 0.
 */
export function inOrder(faults: readonly (Fault | undefined)[]): FaultPlan {
  for (const fault of faults) {
    checkedFault(fault);
  }
  return ({ connection }) => faults[connection - 1];
}

function checked(weight: number): number {
  if (!(weight >= 0 && weight < Infinity)) {
    throw new RangeError(`Expected a weight from 0 on, got ${weight}`);
  }
  return weight;
}

const from =
  (min: number, max: number) =>
  (random: Random): number =>
    min + Math.floor(random() * (max - min + 1));

const few = from(0, 20);
const some = from(1, 20);
const bytes = from(0, 2000);

/**
 * Whatever a client should get over by itself, each kind of it sooner or later; what ends most
 * clients for good (other statuses, another content type) is left out. A client needs an idle
 * timeout for some of it. This is the plan of a server that is given none.
 */
export const transientFaults: FaultPlan = weighted([
  { weight: 4, fault: (random) => ({ type: 'end', afterEvents: few(random) }) },
  { weight: 4, fault: (random) => ({ type: 'reset', afterBytes: bytes(random) }) },
  { weight: 4, fault: (random) => ({ type: 'cut', afterBytes: bytes(random) }) },
  { weight: 2, fault: { type: 'refuse' } },
  { weight: 1, fault: { type: 'noAnswer' } },
  { weight: 1, fault: { type: 'slowHead', every: 100 } },
  { weight: 1, fault: { type: 'garbage' } },
  { weight: 1, fault: { type: 'status', status: 500 } },
  { weight: 1, fault: { type: 'status', status: 503, retryAfter: 1 } },
  { weight: 1, fault: { type: 'status', status: 429, retryAfter: 2 } },
  // Ahead by no more than a client should wait; back by as much as there is.
  {
    weight: 1,
    fault: (random) => ({
      type: 'clockJump',
      by: random() < 0.5 ? 1000 : -3_600_000,
      retryAfter: 1,
    }),
  },
  { weight: 2, fault: { type: 'redirect' } },
  { weight: 1, fault: (random) => ({ type: 'silence', afterEvents: few(random) }) },
  { weight: 1, fault: (random) => ({ type: 'slowBody', every: 1, afterEvents: some(random) }) },
  { weight: 2, fault: (random) => ({ type: 'badChunk', afterEvents: few(random) }) },
  { weight: 2, fault: (random) => ({ type: 'truncatedGzip', afterEvents: few(random) }) },
  {
    weight: 1,
    fault: (random) => ({ type: 'giantEvent', bytes: 9 * 2 ** 20, afterEvents: few(random) }),
  },
  { weight: 2, fault: (random) => ({ type: 'duplicate', afterEvents: some(random) }) },
  { weight: 2, fault: (random) => ({ type: 'missingId', afterEvents: some(random) }) },
  {
    weight: 2,
    fault: (random) => ({ type: 'replay', events: some(random), afterEvents: some(random) }),
  },
  {
    weight: 1,
    fault: (random) => ({
      type: 'retry',
      value: random() < 0.5 ? 0 : 'soon',
      afterEvents: some(random),
    }),
  },
]);
