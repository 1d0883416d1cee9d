/** Which seeds are run. */
export interface SeedRange {
  /** How many seeds. Default: 200, or as many as `time` allows. */
  readonly seeds?: number;
  /** The first seed. Default: 0. */
  readonly from?: number;
  /** For how long seeds are run, in ms. Default: without a limit. */
  readonly time?: number;
}

/** How many seeds are run if nothing else is said. */
const defaultSeeds = 200;

/** How many they are at most. */
export function countOf({ seeds, time }: SeedRange): number {
  return seeds ?? (time === undefined ? defaultSeeds : Infinity);
}

/** The numbers of the seeds, in order. */
export function* seedsOf(range: SeedRange): Generator<number, void, undefined> {
  const { from = 0, time = Infinity } = range;
  const end = from + countOf(range);
  const until = performance.now() + time;
  for (let seed = from; seed < end && performance.now() < until; seed += 1) {
    yield seed;
  }
}
