import { ExitRequest } from '../process/exit-error.ts';
import { type ExitReason, functionClause, undef } from '../process/exit-reason.ts';
import type { AnyBehaviour } from './behaviour.ts';

/** A callback of a behaviour, without the types of its state and messages. */
export type Callback = (...args: readonly unknown[]) => unknown;

type ErasedClauses = Readonly<Record<string, Callback>>;

/** A behaviour as the loop of a server sees it: any state, any messages. */
export interface ErasedBehaviour {
  readonly init: Callback;
  readonly handleCall?: ErasedClauses;
  readonly handleCast?: ErasedClauses;
  readonly handleInfo?: Callback;
  readonly handleContinue?: Callback;
  readonly terminate?: (reason: ExitReason, state: unknown, self: unknown) => unknown;
  readonly formatStatus?: (state: unknown) => unknown;
}

/** Forgets the types, once for all callbacks: `define` has checked that they fit together. */
export function erase(behaviour: AnyBehaviour): ErasedBehaviour {
  return behaviour as ErasedBehaviour;
}

/** The clause for a request. Without one the server ends, and a caller learns why. */
export function clauseOf(
  behaviour: ErasedBehaviour,
  callback: 'handleCall' | 'handleCast',
  request: string,
): Callback {
  const clauses = behaviour[callback];
  if (clauses === undefined) {
    throw new ExitRequest(undef(callback));
  }
  const clause = clauses[request];
  // `toString` is no request, unless the behaviour defines it.
  if (typeof clause !== 'function' || clause === objectPrototype[request]) {
    throw new ExitRequest(functionClause(callback, request));
  }
  return clause;
}

const objectPrototype = Object.prototype as unknown as Readonly<Record<string, unknown>>;
