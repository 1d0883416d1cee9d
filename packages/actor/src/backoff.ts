import { describe } from './describe.ts';

/**
 * A growing pause before a child is started again. It still counts towards the restart intensity,
 * at once.
 */
export interface RestartDelay {
  /** Before the first restart, in ms; it doubles with each that follows. */
  readonly initial: number;
  /** What it doubles up to, in ms. */
  readonly max: number;
  /** How long the child has to live for the delay to start anew, in ms. */
  readonly resetAfter: number;
}

/**
 * The pause before restart number `inARow` + 1, in ms: doubled for each one before it, and of that
 * a part between half and all, so that children which ended together do not start together.
 * `random` is as `Math.random`.
 */
export function restartDelay(
  inARow: number,
  { initial, max }: RestartDelay,
  random: () => number,
): number {
  const ceiling = Math.min(max, initial * 2 ** inARow);
  return Math.round(ceiling * (0.5 + random() / 2));
}

/** Throws a `RangeError` for a delay that is none. */
export function assertRestartDelay(delay: RestartDelay): void {
  const { initial, max, resetAfter } = (delay ?? {}) as Partial<RestartDelay>;
  if (!(isAbove(0, initial) && max !== Infinity && isFrom(initial, max) && isFrom(0, resetAfter))) {
    throw new RangeError(
      `Expected restartDelay to be { initial, max, resetAfter } in ms, with initial above 0 and at most max, got ${describe(delay)}`,
    );
  }
}

function isAbove(limit: number, value: unknown): value is number {
  return typeof value === 'number' && value > limit;
}

function isFrom(limit: number, value: unknown): value is number {
  return typeof value === 'number' && value >= limit;
}
