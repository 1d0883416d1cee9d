import { describe } from '@reprise/actor/text';

import { checkedFault } from './checked-fault.ts';
import type { Fault } from './fault.ts';
import { type Random, randomOf } from './random.ts';

/** A connection that a plan chooses a fault for. */
export interface ChaosConnection {
  readonly stream: string;
  /** The number of the request in its stream, from 1 on. A redirected request counts again. */
  readonly connection: number;
  /** Follows only from the seed, the stream and the number of the connection. */
  readonly random: Random;
}

/**
 * Chooses the fault of a connection; `undefined` for none. The choice must follow from its argument
 * alone, so that a run can be repeated.
 */
export type FaultPlan = (connection: ChaosConnection) => Fault | undefined;

/** A fault and its chance: its weight in the sum of all weights. */
export interface Choice {
  readonly weight: number;
  readonly fault: Fault | undefined | ((random: Random) => Fault | undefined);
}

/**
 * A plan that chooses one of these faults for each connection, at random.
 * @example
 * ```ts
 * import { chaos, weighted } from '@reprise/sse/testing';
 *
 * const plan = weighted([
 *   { weight: 9, fault: undefined },
 *   { weight: 1, fault: (random) => ({ type: 'end', afterEvents: Math.floor(random() * 5) }) },
 * ]);
 * await using server = await chaos({ plan, seed: 7 });
 * ```
 * @throws RangeError if a weight is not a number from 0 on, or if all are 0; TypeError or
 * RangeError if a fault is invalid, also one that a function gives: each is tried once.
 */
export function weighted(choices: readonly Choice[]): FaultPlan {
  const sum = choices.reduce((total, { weight }) => total + checked(weight), 0);
  if (!(sum > 0)) {
    throw new RangeError(`Expected a choice with a weight above 0, got ${choices.length} without`);
  }
  for (const { fault } of choices) {
    // A function is tried once: at a connection, its error would have no caller.
    checkedFault(typeof fault === 'function' ? fault(randomOf('trial')) : fault);
  }
  return ({ random }) => {
    let left = random() * sum;
    const choice = choices.find(({ weight }) => (left -= weight) < 0);
    return typeof choice?.fault === 'function' ? choice.fault(random) : choice?.fault;
  };
}

/**
 * A plan that gives each stream these faults in order, one for each connection, and none after the
 * last.
 * @example
 * ```ts
 * import { chaos, inOrder } from '@reprise/sse/testing';
 *
 * await using server = await chaos({ plan: inOrder([{ type: 'refuse' }, undefined]) });
 * ```
 * @throws TypeError if a fault is invalid; RangeError if one of its numbers is not finite, or below
 * 0.
 */
export function inOrder(faults: readonly (Fault | undefined)[]): FaultPlan {
  for (const fault of faults) {
    checkedFault(fault);
  }
  return ({ connection }) => faults[connection - 1];
}

function checked(weight: number): number {
  if (!(weight >= 0 && weight < Infinity)) {
    throw new RangeError(`Expected a weight from 0 on, got ${describe(weight)}`);
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
 * All kinds of faults that a client should survive without help. Faults that end most clients for
 * good (other statuses, another content type) are left out. A client needs an idle timeout for some
 * of them. This is the default plan.
 * @example
 * ```ts
 * import { chaos, transientFaults } from '@reprise/sse/testing';
 *
 * // The first connection of each stream has no fault.
 * await using server = await chaos({
 *   seed: 7,
 *   plan: (connection) => (connection.connection === 1 ? undefined : transientFaults(connection)),
 * });
 * ```
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
  // Ahead: a client waits that long. Back: the Retry-After is in the past, however far.
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
