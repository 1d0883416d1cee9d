import { isAlive, type Pid } from '@reprise/actor';

import type { Verdict } from '../verdict.ts';

/** A request for a lock. */
export interface Claim {
  readonly owner: Pid;
  readonly key: string;
}

/** A key has one holder at a time, in the order in which they came. */
export class LockRules {
  #claims: readonly Claim[] = [];
  /** They hold a key of a registry that has ended. */
  readonly #orphans: Set<Claim> = new Set();
  readonly #verdict: Verdict;

  constructor(verdict: Verdict) {
    this.#verdict = verdict;
  }

  claims(owner: Pid, key: string): Claim {
    const claim = { owner, key };
    this.#claims = [...this.#claims, claim];
    return claim;
  }

  /** The function of a claim is called. */
  begins(claim: Claim): void {
    const { owner, key } = claim;
    const first = this.#orphans.has(claim) ? claim : this.#first(key);
    this.#verdict.expect(isAlive(owner), () => `${String(owner)} got ${key} after its end`);
    this.#verdict.expect(first === claim, () => {
      return `${String(owner)} got ${key} before ${String(first?.owner)}`;
    });
  }

  ends(claim: Claim): void {
    this.#claims = this.#claims.filter((other) => other !== claim);
  }

  /** The registry has ended: no process waits any more, and those that hold a key go on. */
  clear(): void {
    for (const claim of this.#claims) {
      if (claim === this.#first(claim.key)) {
        this.#orphans.add(claim);
      }
    }
    this.#claims = [];
  }

  /** With nothing left to happen, no process waits. */
  settled(): void {
    const first = this.#claims.find(isWaiting);
    this.#verdict.expect(first === undefined, () => {
      return `${String(first?.owner)} never got ${String(first?.key)}`;
    });
  }

  #first(key: string): Claim | undefined {
    return this.#claims.find((claim) => claim.key === key && isWaiting(claim));
  }
}

/** The claims of a process end with it. */
function isWaiting({ owner }: Claim): boolean {
  return isAlive(owner);
}
