import { Laps } from './laps.ts';
import { amount, print } from './sample.ts';

/** Something of a certain size. */
export interface Sized {
  /**
   * Does every kind of thing, a lap each, and leaves the size as it was; `at` counts the rounds.
   * Whether all was seen to be done.
   */
  round(laps: Laps, at: number): Promise<boolean>;
  /** Lists all that it is made of, as one lap. How many that is. */
  list(laps: Laps): Promise<number>;
  stop(): Promise<void>;
}

/** A thousandth, a hundredth, a tenth, and all of what the program was told. */
const sizes: readonly number[] = [1000, 100, 10, 1].map((part) => Math.ceil(amount / part));
const rounds = 1000;

/**
 * Prints what one of each kind takes at each size, as `kind 1` to `kind 4`, and how many times that
 * at the largest is what it is at the smallest.
 */
export async function measureCurve(open: (size: number) => Promise<Sized>): Promise<void> {
  const readings: Record<string, number> = {};
  let [sent, handled] = [0, 0];
  // To be compiled before it is measured, and not for one instance alone.
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

/** How often all are listed, so that it is as many in sum, whatever the size. */
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
