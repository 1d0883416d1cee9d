import { type Hash, hashText, RunningHash } from './hash.ts';

/**
 * The kind of a step. `turn`: of a process. `timer`: a timer or an immediate. `wire`: a packet, or
 * a request of `sim.request`. `port`: a call of a store or disk. `fault`: a fault begins or ends.
 * `note`: the test program or a client goes on, a node starts, or `sim.note`.
 */
export type StepKind = 'turn' | 'timer' | 'wire' | 'port' | 'fault' | 'note';

/** One step of a run, in stable words: they name pids and labels, and never show a stack. */
export interface TraceEntry {
  /** The number of the step, from 1 on. */
  readonly n: number;
  /** The virtual time, in whole microseconds since the start. */
  readonly t: number;
  /** The node that took the step. */
  readonly node: string;
  readonly kind: StepKind;
  /** In words. */
  readonly what: string;
  /** The running hash of all steps up to this one. */
  readonly hash: string;
}

export interface Step {
  readonly t: number;
  readonly node: string;
  readonly kind: StepKind;
  /** In the hash. */
  readonly what: string;
  /** In the hash: the number of a pid, for example. */
  readonly of?: number;
  /** Not in the hash: a label, for example. Called only for the entries that are shown. */
  readonly detail?: (() => string) | undefined;
}

/** A step as it is kept, before its words are made. */
interface Kept extends Hash {
  readonly n: number;
  readonly step: Step;
}

/**
 * The steps of a run. A search keeps the newest few; the run that reports a failure keeps them all.
 */
export class Trace {
  readonly #hash = new RunningHash();
  readonly #kept: Kept[] = [];
  readonly #limit: number;
  #length = 0;

  /** `limit`: how many of the newest steps are kept. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get length(): number {
    return this.#length;
  }

  get hash(): string {
    return hashText(this.#hash);
  }

  /** The newest steps, oldest first. */
  get entries(): readonly TraceEntry[] {
    return this.#limit === 0 ? [] : this.#kept.slice(-this.#limit).map(entryOf);
  }

  add(step: Step): void {
    this.#length += 1;
    this.#hash.addNumber(step.t);
    this.#hash.addText(step.node);
    this.#hash.addText(step.kind);
    this.#hash.addText(step.what);
    this.#hash.addNumber(step.of ?? 0);
    if (this.#limit > 0) {
      this.#keep(step);
    }
  }

  #keep(step: Step): void {
    const { high, low } = this.#hash;
    this.#kept.push({ n: this.#length, step, high, low });
    // Not at each step: to move the whole list costs as much as the steps.
    if (this.#kept.length >= 2 * this.#limit + 1000) {
      this.#kept.splice(0, this.#kept.length - this.#limit);
    }
  }
}

function entryOf(kept: Kept): TraceEntry {
  const { t, node, kind, what, of, detail } = kept.step;
  const words = [what, of === undefined ? '' : `#Pid<${of}>`, detail?.() ?? ''];
  const said = words.filter((word) => word !== '').join(' ');
  return { n: kept.n, t, node, kind, what: said, hash: hashText(kept) };
}
