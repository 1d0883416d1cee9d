import { amount, print } from './sample.ts';

/** The same work over and over. */
export interface Work {
  /** How many things one `run` does. */
  readonly batch: number;
  /** Does them, to the end. */
  run(): void | Promise<void>;
  /** How many have been done in all, asked of whoever did them. */
  handled(): number | Promise<number>;
}

/** Warms up, then measures for as many seconds as the program was told to, and prints. */
export async function measureRate(work: Work): Promise<void> {
  const warmUp = await repeat(work, amount / 2);
  const measured = await repeat(work, amount);
  print({
    sent: warmUp.done + measured.done,
    handled: await work.handled(),
    readings: { rate: measured.done / measured.seconds },
  });
}

async function repeat(
  work: Work,
  seconds: number,
): Promise<{ readonly done: number; readonly seconds: number }> {
  const from = performance.now();
  let elapsed = 0;
  let done = 0;
  while (elapsed < seconds) {
    await work.run();
    done += work.batch;
    elapsed = (performance.now() - from) / 1000;
  }
  return { done, seconds: elapsed };
}
