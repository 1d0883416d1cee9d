import { createRandom } from './random.ts';
import type { Tape } from './tape.ts';

/** Where the draws come from: a seed makes them up, a tape repeats them. */
export type Source = { readonly seed: number } | { readonly tape: Tape };

/**
 * All choices of one run, in streams: one stream for each kind of choice. A draw more in one
 * stream moves no draw of another, so a small change of the program keeps most of the schedule.
 */
export class Choices {
  readonly #source: Source;
  readonly #streams: Map<string, Draws> = new Map();

  constructor(source: Source) {
    this.#source = source;
  }

  stream(name: string): Draws {
    const known = this.#streams.get(name);
    if (known !== undefined) {
      return known;
    }
    const made = new Draws(drawsFrom(this.#source, name));
    this.#streams.set(name, made);
    return made;
  }

  /** Everything that was drawn, without the tame draws at the end of each stream. */
  get tape(): Tape {
    const streams = [...this.#streams].map(([name, { drawn }]) => {
      const wild = drawn.findLastIndex((draw) => draw !== 0);
      return [name, drawn.slice(0, wild + 1)] as const;
    });
    return Object.fromEntries(streams.filter(([, draws]) => draws.length > 0));
  }

  /** How many draws were made. */
  get count(): number {
    return [...this.#streams.values()].reduce((sum, { drawn }) => sum + drawn.length, 0);
  }

  /** Whether a tape had a draw that is too large for its choice: it is of another program. */
  get isMisfit(): boolean {
    return [...this.#streams.values()].some(({ isMisfit }) => isMisfit);
  }
}

/** One stream of draws. */
export class Draws {
  readonly drawn: number[] = [];
  isMisfit = false;
  readonly #next: (n: number) => number;

  constructor(next: (n: number) => number) {
    this.#next = next;
  }

  /** A whole number from 0 to `n - 1`. 0 is the tame choice; nothing is drawn if `n` is 1. */
  below(n: number): number {
    if (n <= 1) {
      return 0;
    }
    let draw = this.#next(n);
    if (draw >= n) {
      this.isMisfit = true;
      draw = n - 1;
    }
    this.drawn.push(draw);
    return draw;
  }

  /** `true` with this probability, in steps of a ten-thousandth; `false` is the tame choice. */
  chance(probability: number): boolean {
    const wild = round(probability * fineness);
    return wild > 0 && this.below(fineness) >= fineness - wild;
  }

  /** A number from `least` to `most`, whole; `least` is the tame choice. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }
}

// Not looked up at each draw: inside a context of node:vm, as in Jest, that is slow.
const { floor, round } = Math;

const fineness = 10_000;

function drawsFrom(source: Source, name: string): (n: number) => number {
  if ('seed' in source) {
    const random = createRandom(source.seed, name);
    return (n) => floor((random() / 2 ** 32) * n);
  }
  const draws = source.tape[name] ?? [];
  let at = 0;
  return () => draws[at++] ?? 0;
}
