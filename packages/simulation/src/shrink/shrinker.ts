import type { Tape } from '../choices/tape.ts';
import { type Failure, failureOf, signatureOf } from '../run/failure.ts';
import type { SeedResult } from '../run/seed-run.ts';
import { type Cost, costOf, isLess } from './cost.ts';

/** Shrinking stops at the limit that is reached first. */
export interface ShrinkLimits {
  readonly runs: number;
  readonly ms: number;
}

/** Runs a tape, and keeps so many steps of its trace. */
export type RunTape = (tape: Tape, keep: number) => Promise<SeedResult>;

/** The smallest failing run that was found so far. */
export class Shrinker {
  best: Failure;
  runs = 0;
  readonly #run: RunTape;
  readonly #signature: string;
  readonly #limits: ShrinkLimits;
  readonly #startedAt: number = performance.now();
  #cost: Cost;

  constructor(run: RunTape, first: Failure, limits: ShrinkLimits) {
    this.best = first;
    this.#run = run;
    this.#signature = signatureOf(first);
    this.#limits = limits;
    this.#cost = costOf(first.steps, first.tape);
  }

  get isUsedUp(): boolean {
    const { runs, ms } = this.#limits;
    return this.runs >= runs || performance.now() - this.#startedAt >= ms;
  }

  /** The draws of one stream, in the best run. */
  drawsOf(stream: string): readonly number[] {
    return this.best.tape[stream] ?? [];
  }

  /** Runs the best run with these draws. Takes it if it fails in the same way, and is less. */
  async attempt(changed: Tape): Promise<boolean> {
    if (this.isUsedUp) {
      return false;
    }
    this.runs += 1;
    const failure = failureOf(await this.#run({ ...this.best.tape, ...changed }, 0));
    if (failure === undefined || signatureOf(failure) !== this.#signature) {
      return false;
    }
    // The draws that the run made, not its tape: a change may leave draws of another stream unused.
    const cost = costOf(failure.steps, failure.tape);
    if (!isLess(cost, this.#cost)) {
      return false;
    }
    this.best = failure;
    this.#cost = cost;
    return true;
  }
}
