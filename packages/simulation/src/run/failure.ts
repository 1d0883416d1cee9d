import { stripVTControlCharacters } from 'node:util';

import { countWild } from '../choices/draw-count.ts';
import type { Tape } from '../choices/tape.ts';
import type { Order } from '../engine/swarm.ts';
import type { ViolationKind } from '../engine/violation.ts';
import type { TraceEntry } from '../trace/trace.ts';
import type { SeedResult } from './seed-run.ts';

/**
 * Why a seed failed. `divergence`: the same seed took other steps when it was run again. `hang`: a
 * callback that never ends, seen from outside.
 */
export type FailureKind = ViolationKind | 'divergence' | 'hang';

/** How many choices a run made, and how many of them were not tame. */
export interface DrawCount {
  readonly all: number;
  readonly wild: number;
}

/** A run that failed: plain data, also the content of a file with a tape. */
export interface Failure {
  readonly kind: FailureKind;
  readonly message: string;
  /** The stack of the error, if an error was thrown. */
  readonly stack?: string;
  /** The seed of the run in which it was found; none for a tape. */
  readonly seed?: number;
  /** How turns were picked; `oldest` is the order of production. */
  readonly order: Order;
  readonly steps: number;
  /** The running hash of all steps. */
  readonly hash: string;
  readonly draws: DrawCount;
  readonly tape: Tape;
  /** The last steps, or all. */
  readonly trace: readonly TraceEntry[];
}

/** `undefined` for a run that did not fail. `seed`: of the run, if it had one. */
export function failureOf(result: SeedResult, seed?: number): Failure | undefined {
  const { violation } = result;
  if (violation === undefined) {
    return undefined;
  }
  const { kind, error } = violation;
  // Assertions of test runners come with colors.
  const message = stripVTControlCharacters(violation.message);
  const stack = error instanceof Error ? error.stack : undefined;
  return failedRun(result, { kind, message, ...defined({ seed, stack }) });
}

/** The failure of a run for a reason that the run itself may not know. */
export function failedRun(
  { order, steps, hash, tape, draws, trace }: SeedResult,
  reason: Pick<Failure, 'kind' | 'message' | 'stack' | 'seed'>,
): Failure {
  const count = { all: draws, wild: countWild(tape) };
  return { ...reason, order, steps, hash, draws: count, tape, trace };
}

/** The failure of a run without a result: it was stopped from outside, or it ended its thread. */
export function lostRun(reason: Pick<Failure, 'kind' | 'message' | 'stack' | 'seed'>): Failure {
  const draws = { all: 0, wild: 0 };
  return { ...reason, order: 'oldest', steps: 0, hash: '', draws, tape: {}, trace: [] };
}

/**
 * Failures of one program with the same signature count as the same failure: the same message, but
 * for its numbers, thrown at the same place.
 */
export function signatureOf({
  kind,
  message,
  stack,
}: Pick<Failure, 'kind' | 'message' | 'stack'>): string {
  return `${kind}: ${message.replaceAll(/\d+(?:\.\d+)?/g, '0')} at ${placeOf(stack)}`;
}

/** The innermost line of the program. */
function placeOf(stack = ''): string {
  return placesIn(stack)[0] ?? '';
}

/** The lines of a stack that are of the program: neither Node's own, nor of this package. */
export function placesIn(stack: string): readonly string[] {
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line) && !/node:|<anonymous>\)$/.test(line) && !isOwn(line));
}

/** The sources of this package, or its build. A stack shows paths, or URLs that end in them. */
const own: string = forwardSlashes(import.meta.dirname).replace(/\/src\/run$/, '/src');

function isOwn(line: string): boolean {
  return forwardSlashes(line).includes(`${own}/`);
}

function forwardSlashes(path: string): string {
  return path.replaceAll('\\', '/');
}

type Defined<Value> = { [Key in keyof Value]?: Exclude<Value[Key], undefined> };

/** The object without the fields that are `undefined`. */
function defined<Value extends object>(value: Value): Defined<Value> {
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  return Object.fromEntries(entries) as Defined<Value>;
}
