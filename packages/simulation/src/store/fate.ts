import type { Draws } from '../choices/choices.ts';

/**
 * How a request to a store ends. `late`: both ways take up to 5 s. `refused`: it fails, without an
 * effect. `broken`: it fails, with its effect. `lost`: no effect and no answer. `unanswered`: its
 * effect, and no answer. `repeated`: its effect comes once more, up to 10 s later.
 */
export type Fate = 'plain' | 'late' | 'refused' | 'broken' | 'lost' | 'unanswered' | 'repeated';

const faults: readonly Fate[] = ['late', 'refused', 'broken', 'lost', 'unanswered', 'repeated'];

/** `rate`: the probability of a fault. */
export function drawFate(draws: Draws, rate: number): Fate {
  return draws.chance(rate) ? (faults[draws.below(faults.length)] ?? 'plain') : 'plain';
}
