import { countDraws, countWild } from '../choices/draw-count.ts';
import type { Tape } from '../choices/tape.ts';

/** How much a reader of a failing run has to take in. */
export interface Cost {
  readonly weight: number;
  /** Decides between runs of one weight: how many draws, and how large. */
  readonly size: number;
}

/** A fault, a delay or an odd order is harder to understand than a step that follows. */
const perWildDraw = 3;

export function costOf(steps: number, tape: Tape): Cost {
  const draws = Object.values(tape).flat();
  return {
    weight: steps + perWildDraw * countWild(tape),
    size: countDraws(tape) + draws.reduce((sum, draw) => sum + Math.log2(1 + draw), 0),
  };
}

export function isLess(a: Cost, b: Cost): boolean {
  // Sums of logarithms are not exact: a difference has to be more than their error.
  return a.weight < b.weight || (a.weight === b.weight && a.size < b.size - 1e-6);
}
