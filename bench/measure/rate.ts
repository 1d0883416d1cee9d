import { amount, print } from './sample.ts';

/** The same work over and over. */
export interface Work {
  /** How many operations one `run` does. */
  readonly batch: number;
  /** Does the operations and resolves when all are done. */
  run(): void | Promise<void>;
  /** How many operations have been done in all, counted by the process that did them. */
  handled(): number | Promise<number>;
}

/** Warms up, measures for as many seconds as the program's argument says, and prints the rate. */
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
