import type { Record } from './record.ts';

/** A sample of the child's memory, in bytes, at a time in ms. */
interface Sample {
  readonly rss: number;
  readonly at: number;
}

/** What all lives of the child handled, put together. */
export class Tally {
  handled = 0;
  repeated = 0;
  outOfOrder = 0;
  restarts = 0;
  connects = 0;
  highestRss = 0;
  openHandles: number | undefined = undefined;
  /** The last number handled, by stream; what is above it by more than one has skipped something. */
  readonly last: Map<string, number> = new Map();
  /** The samples of the life that is going on. */
  samples: Sample[] = [];
  readonly #onHandled: (stream: string, at: number) => void;

  constructor(onHandled: (stream: string, at: number) => void) {
    this.#onHandled = onHandled;
  }

  add(record: Record): void {
    switch (record.type) {
      case 'handled':
        this.#handle(record.stream, record.number, record.at);
        return;
      case 'connected':
        this.connects += 1;
        return;
      case 'restarted':
        this.restarts += 1;
        return;
      case 'memory':
        this.samples.push(record);
        this.highestRss = Math.max(this.highestRss, record.rss);
        return;
      case 'open':
        this.openHandles = record.handles;
        return;
      default:
        record satisfies never;
    }
  }

  #handle(stream: string, number: number, at: number): void {
    const last = this.last.get(stream) ?? 0;
    this.handled += 1;
    this.#onHandled(stream, at);
    if (number <= last) {
      this.repeated += 1;
      return;
    }
    if (number > last + 1) {
      this.outOfOrder += 1;
    }
    this.last.set(stream, number);
  }
}

/** How memory grows, in bytes an hour, by least squares over the second half of the samples; `undefined` for fewer than two minutes of it. */
export function slopeOf(samples: readonly Sample[]): number | undefined {
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
  return (above / below) * 3_600_000;
}
