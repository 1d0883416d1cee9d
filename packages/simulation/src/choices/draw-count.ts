import type { Tape } from './tape.ts';

/** The draws that are not tame: how far a run is from a plain one. */
export function countWild(tape: Tape): number {
  return Object.values(tape).reduce((sum, draws) => sum + draws.filter(isWild).length, 0);
}

/** All draws of a tape. */
export function countDraws(tape: Tape): number {
  return Object.values(tape).reduce((sum, draws) => sum + draws.length, 0);
}

function isWild(draw: number): boolean {
  return draw !== 0;
}
