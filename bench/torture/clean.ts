/** A row of the sink, in the order of the table: its `insert` is the effect of an event. */
export interface Effect {
  readonly stream: string;
  readonly number: number;
  readonly epoch: number;
  /** The life of the node that wrote it. */
  readonly node: string;
}

/** The effects of the events of one transaction, whose numbers follow each other. */
export interface EffectBatch extends Omit<Effect, 'number'> {
  readonly first: number;
  readonly last: number;
}

export interface CleanCounts {
  /** Numbers of the source without an effect. */
  readonly lost: number;
  /** Effects beyond the first of a number. */
  readonly twice: number;
  /** Effects that do not follow the number before. */
  readonly outOfOrder: number;
  /** Effects of an epoch below the one before. */
  readonly fallen: number;
}

interface Progress {
  before: Effect | undefined;
  highest: number;
  epoch: number;
  /** Numbers below the highest without an effect. */
  readonly leftOut: Set<number>;
}

/** As many problems are described as a reader wants to see; all are counted. */
const most = 10;

/**
 * Whether the sink is clean: each number once, in order, none missing up to the last one of the
 * source, epochs never falling. The rows are added in the order of the table.
 */
export class Clean {
  #twice = 0;
  #outOfOrder = 0;
  #fallen = 0;
  #rows = 0;
  readonly #problems: string[] = [];
  readonly #streams = new Map<string, Progress>();

  get rows(): number {
    return this.#rows;
  }

  /** The effects of a stream so far: its highest number. */
  reached(stream: string): number {
    return this.#streams.get(stream)?.highest ?? 0;
  }

  add(effect: Effect): void {
    const progress = this.#of(effect.stream);
    this.#rows += 1;
    this.#compareNumber(effect, progress);
    if (effect.epoch < progress.epoch) {
      this.#fallen += 1;
      this.#tell('an epoch fell', progress.before, effect);
    }
    progress.epoch = Math.max(progress.epoch, effect.epoch);
    progress.before = effect;
  }

  /** `last` has the last number of each stream of the source. */
  counts(last: ReadonlyMap<string, number>): CleanCounts {
    return {
      lost: [...last].reduce((sum, [stream, number]) => sum + this.#missing(stream, number), 0),
      twice: this.#twice,
      outOfOrder: this.#outOfOrder,
      fallen: this.#fallen,
    };
  }

  /** The first problems, a line each. */
  problems(last: ReadonlyMap<string, number>): readonly string[] {
    const lost = [...last]
      .filter(([stream, number]) => this.#missing(stream, number) > 0)
      .map(([stream, number]) => this.#lossOf(stream, number));
    return [...this.#problems, ...lost].slice(0, most);
  }

  #compareNumber(effect: Effect, progress: Progress): void {
    const { number } = effect;
    const { highest, leftOut, before } = progress;
    if (number !== highest + 1) {
      const isTwice = number <= highest && !leftOut.delete(number);
      this.#twice += isTwice ? 1 : 0;
      this.#outOfOrder += isTwice ? 0 : 1;
      this.#tell(isTwice ? 'an effect is there twice' : 'out of order', before, effect);
    }
    for (let missing = highest + 1; missing < number; missing += 1) {
      leftOut.add(missing);
    }
    progress.highest = Math.max(highest, number);
  }

  #missing(stream: string, last: number): number {
    const { highest, leftOut } = this.#of(stream);
    return leftOut.size + Math.max(0, last - highest);
  }

  #lossOf(stream: string, last: number): string {
    const { highest, leftOut, before } = this.#of(stream);
    const [number = highest + 1] = leftOut;
    const after = before === undefined ? 'no effect at all' : `last ${shown(before)}`;
    return `${this.#missing(stream, last)} of ${last} effects of ${stream} are missing, the first is number ${number}; ${after}`;
  }

  #tell(problem: string, before: Effect | undefined, effect: Effect): void {
    if (this.#problems.length < most) {
      const after = before === undefined ? '' : `, after ${shown(before)}`;
      this.#problems.push(`${problem} in ${effect.stream}: ${shown(effect)}${after}`);
    }
  }

  #of(stream: string): Progress {
    const known = this.#streams.get(stream);
    if (known !== undefined) {
      return known;
    }
    const progress = { before: undefined, highest: 0, epoch: 0, leftOut: new Set<number>() };
    this.#streams.set(stream, progress);
    return progress;
  }
}

function shown({ number, epoch, node }: Effect): string {
  return `number ${number} at epoch ${epoch} by ${node}`;
}
