import { expectedChecksum } from './checksum.ts';
import type { Kind } from './plan.ts';
import type { Record } from './record.ts';
import { Repeats } from './repeats.ts';

/** A sample of the child's memory, in bytes, at a time in ms. */
interface Sample {
  readonly rss: number;
  readonly at: number;
}

/** The handled events of a stream, in all lives of the child. */
interface Progress {
  /** The number before. */
  last: number;
  highest: number;
  /**
   * Whether a connection has begun since then: it may go on after any handled event, above all
   * when the server had gone back and its connection broke.
   */
  isAnew: boolean;
  /** The fault of that connection. */
  kind: Kind | undefined;
  /** Numbers below the highest that have not been handled. */
  readonly leftOut: Set<number>;
}

/** The records of all lives of the child, added up. */
export class Tally {
  handled = 0;
  repeated = 0;
  outOfOrder = 0;
  /** Events with another text than the server sent. */
  garbled = 0;
  /** Requests that continue after an event that had not been handled. */
  acknowledgedEarly = 0;
  furthestBack = 0;
  restarts = 0;
  /** Connections after the first of a stream in a life of the child. */
  reconnects = 0;
  clockJumps = 0;
  highestRss = 0;
  openHandles: number | undefined = undefined;
  /** The memory samples of the current life. */
  samples: Sample[] = [];
  /** Samples of the heap in the current life, in bytes. */
  held: number[] = [];
  /** The streams that had a connection in the current life. */
  readonly #connected = new Set<string>();
  readonly #streams = new Map<string, Progress>();
  readonly #repeats = new Repeats();
  readonly #onHandled: (stream: string, at: number) => void;

  constructor(onHandled: (stream: string, at: number) => void) {
    this.#onHandled = onHandled;
  }

  /** The sum of the highest handled numbers of all streams. */
  get reached(): number {
    return [...this.#streams.values()].reduce((sum, { highest }) => sum + highest, 0);
  }

  /** Events that were handled again in spite of `dedupe`. */
  get notDropped(): number {
    return this.#repeats.count;
  }

  /** A life of the child begins; all records of the one before have been added. */
  begin(): void {
    this.samples = [];
    this.held = [];
    this.#connected.clear();
  }

  add(record: Record): void {
    switch (record.type) {
      case 'handled':
        this.#handle(record.stream, record.number);
        this.#repeats.handled(record);
        this.garbled += record.checksum === expectedChecksum(record.stream, record.number) ? 0 : 1;
        this.#onHandled(record.stream, record.at);
        return;
      case 'began':
        this.#repeats.began(record.stream);
        return;
      case 'connected':
        this.reconnects += this.#connected.has(record.stream) ? 1 : 0;
        this.#connected.add(record.stream);
        this.#of(record.stream).isAnew = true;
        return;
      case 'restarted':
        this.restarts += 1;
        return;
      case 'jumped':
        this.clockJumps += 1;
        return;
      case 'memory':
        this.samples.push(record);
        this.highestRss = Math.max(this.highestRss, record.rss);
        return;
      case 'held':
        this.held.push(record.held);
        return;
      case 'open':
        this.openHandles = record.handles;
        return;
      default:
        record satisfies never;
    }
  }

  /**
   * The server has got a request for a stream, for the events after this one; earlier records are
   * added before this call.
   */
  asked(stream: string, kind: Kind | undefined, after: number): void {
    const progress = this.#of(stream);
    progress.kind = kind;
    if (after > progress.highest || progress.leftOut.has(after)) {
      this.acknowledgedEarly += 1;
    }
  }

  /**
   * On one connection each number is followed by the next one, or by itself where the server sends
   * every event twice.
   */
  #handle(stream: string, number: number): void {
    const progress = this.#of(stream);
    const { last, highest, leftOut } = progress;
    this.handled += 1;
    this.outOfOrder += isInOrder(number, progress) ? 0 : 1;
    this.furthestBack = Math.max(this.furthestBack, last + 1 - number);
    for (let missing = highest + 1; missing < number; missing += 1) {
      leftOut.add(missing);
    }
    const isNew = number > highest || leftOut.delete(number);
    this.repeated += isNew ? 0 : 1;
    progress.last = number;
    progress.highest = Math.max(highest, number);
    progress.isAnew = false;
  }

  #of(stream: string): Progress {
    const known = this.#streams.get(stream);
    if (known !== undefined) {
      return known;
    }
    const progress = {
      last: 0,
      highest: 0,
      leftOut: new Set<number>(),
      isAnew: false,
      kind: undefined,
    };
    this.#streams.set(stream, progress);
    return progress;
  }
}

function isInOrder(number: number, { last, highest, isAnew, kind }: Progress): boolean {
  if (isAnew) {
    return number <= highest + 1;
  }
  return number === last + 1 || (number === last && kind === 'duplicate');
}

/** The growth of memory. */
export interface Growth {
  /** In bytes an hour, by least squares. */
  readonly slope: number;
  /** In bytes, along that line, while it was watched. */
  readonly total: number;
}

/** The growth over the second half of the samples; `undefined` for fewer than two minutes of it. */
export function growthOf(samples: readonly Sample[]): Growth | undefined {
  const half = samples.slice(Math.floor(samples.length / 2));
  const [first, last] = [half[0], half.at(-1)];
  if (first === undefined || last === undefined || last.at - first.at < 120_000) {
    return undefined;
  }
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const at = mean(half.map((sample) => sample.at));
  const rss = mean(half.map((sample) => sample.rss));
  const above = half.reduce((sum, sample) => sum + (sample.at - at) * (sample.rss - rss), 0);
  const below = half.reduce((sum, sample) => sum + (sample.at - at) ** 2, 0);
  const slope = above / below;
  return { slope: slope * 3_600_000, total: slope * (last.at - first.at) };
}

/**
 * The growth of the heap over the second half of the samples, in bytes. It compares the lowest of
 * several samples, because an event in flight, above all a giant one, is held only for a moment.
 * `undefined` for too few samples.
 */
export function heldGrowthOf(held: readonly number[]): number | undefined {
  const half = held.slice(Math.floor(held.length / 2));
  const some = Math.max(2, Math.floor(half.length / 4));
  return half.length < 2 * some
    ? undefined
    : Math.min(...half.slice(-some)) - Math.min(...half.slice(0, some));
}
