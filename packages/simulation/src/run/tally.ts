import { createHash } from 'node:crypto';

import type { EscapeKind } from '../world/escape-kind.ts';

/** The figures of one seed. */
export interface SeedFigures {
  readonly seed: number;
  readonly steps: number;
  readonly hash: string;
  /** The conditions of `sometimes`, and whether they held. */
  readonly reached: Iterable<readonly [name: string, isReached: boolean]>;
  /** The kinds of escapes that were allowed, and were used. */
  readonly escapes: readonly EscapeKind[];
}

/** The figures of many seeds. */
export class Tally {
  seeds = 0;
  steps = 0;
  /** In how many seeds each condition of `sometimes` held. */
  readonly reached: Map<string, number> = new Map();
  readonly escapes: Set<EscapeKind> = new Set();
  #fingerprint = 0n;

  add({ seed, steps, hash, reached, escapes }: SeedFigures): void {
    this.seeds += 1;
    this.steps += steps;
    for (const [name, isReached] of reached) {
      this.reached.set(name, (this.reached.get(name) ?? 0) + (isReached ? 1 : 0));
    }
    for (const kind of escapes) {
      this.escapes.add(kind);
    }
    this.#fingerprint ^= createHash('sha256').update(`${seed} ${hash}`).digest().readBigUInt64BE();
  }

  /** One hash of all seeds, in any order: two machines can compare theirs. */
  get fingerprint(): string {
    return this.#fingerprint.toString(16).padStart(16, '0');
  }

  /** The conditions of `sometimes` that held in no seed. */
  get unreached(): readonly string[] {
    return [...this.reached].flatMap(([name, seeds]) => (seeds === 0 ? [name] : []));
  }
}

export function unreachedMessage({ unreached, seeds }: Tally): string {
  const names = unreached.map((name) => JSON.stringify(name)).join(' and ');
  return `Expected some seed to reach ${names}, got none among ${seeds}`;
}
