import { Laps } from './laps.ts';
import { amount, print } from './sample.ts';

/** A subject of a certain size, such as a supervisor with that number of children. */
export interface Sized {
  /**
   * Does every kind of operation, a lap each, and leaves the size unchanged. `at` counts the
   * rounds. Returns whether all of it was done.
   */
  round(laps: Laps, at: number): Promise<boolean>;
  /** Lists all of its parts, as one lap, and returns how many there are. */
  list(laps: Laps): Promise<number>;
  stop(): Promise<void>;
}

/** A thousandth, a hundredth, a tenth, and all of the program's argument. */
const sizes: readonly number[] = [1000, 100, 10, 1].map((part) => Math.ceil(amount / part));
const rounds = 1000;

/**
 * Prints the time of one operation of each kind at each size, as `kind 1` to `kind 4`, and the
 * ratio of the time at the largest size to that at the smallest.
 */
export async function measureCurve(open: (size: number) => Promise<Sized>): Promise<void> {
  const readings: Record<string, number> = {};
  let [sent, handled] = [0, 0];
  // V8 compiles the code before the measurement, for more than one instance.
  await sample(open, sizes[0] as number);
  for (const [at, size] of sizes.entries()) {
    const { laps, done } = await sample(open, size);
    sent += rounds + listed(size) * size;
    handled += done;
    for (const [kind, seconds] of laps.medians) {
      readings[`${kind} ${at + 1}`] = seconds;
      readings[`${kind} growth`] = seconds / (readings[`${kind} 1`] as number);
    }
  }
  print({ sent, handled, readings });
}

interface Measured {
  readonly laps: Laps;
  readonly done: number;
}

async function sample(open: (size: number) => Promise<Sized>, size: number): Promise<Measured> {
  const sized = await open(size);
  await measure(sized, size);
  globalThis.gc?.();
  const measured = await measure(sized, size);
  await sized.stop();
  return measured;
}

/** How often all parts are listed: the sum is the same for every size. */
function listed(size: number): number {
  return Math.ceil((sizes.at(-1) as number) / size);
}

async function measure(sized: Sized, size: number): Promise<Measured> {
  const laps = new Laps();
  let done = 0;
  laps.start();
  for (let at = 0; at < rounds; at++) {
    done += (await sized.round(laps, at)) ? 1 : 0;
  }
  for (let times = listed(size); times > 0; times--) {
    done += await sized.list(laps);
  }
  return { laps, done };
}
