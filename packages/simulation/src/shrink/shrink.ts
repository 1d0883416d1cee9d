import { type DrawCount, type Failure, failureOf } from '../run/failure.ts';
import { divergedRun, wholeTrace } from '../run/search.ts';
import { cut, lower, type Pass, pull, tame } from './passes.ts';
import { type RunTape, type ShrinkLimits, Shrinker } from './shrinker.ts';

/** A failure, as small as it could be made. */
export interface Shrunk {
  /** Its trace has all steps. */
  readonly failure: Failure;
  /** The draws of the run in which it was found. */
  readonly before: DrawCount;
  /** How many runs it took. */
  readonly runs: number;
}

export const shrinkLimits: ShrinkLimits = { runs: 3000, ms: 30_000 };

const passes: readonly Pass[] = [tame, cut, pull, lower];

/**
 * Looks for a smaller run that fails in the same way. A run that fails in another way is not a
 * smaller one, or a search for one fault would end in another. A failure that does not come again
 * when its own tape is run is returned as a divergence.
 */
export async function shrink(
  run: RunTape,
  found: Failure,
  limits: ShrinkLimits = shrinkLimits,
): Promise<Shrunk> {
  const again = await run(found.tape, wholeTrace);
  if (again.hash !== found.hash || again.violation?.message !== found.message) {
    const diverged = divergedRun(again, await run(found.tape, wholeTrace));
    return { failure: from(found, diverged), before: found.draws, runs: 2 };
  }
  const shrinker = new Shrinker(run, found, limits);
  await passAll(shrinker);
  const last = failureOf(await run(shrinker.best.tape, wholeTrace)) ?? shrinker.best;
  return { failure: from(found, last), before: found.draws, runs: shrinker.runs };
}

/** Again and again, until a whole round makes nothing smaller. */
async function passAll(shrinker: Shrinker): Promise<void> {
  for (let before: Failure | undefined; before !== shrinker.best && !shrinker.isUsedUp;) {
    before = shrinker.best;
    await clearAll(shrinker);
    for (const stream of streamsOf(shrinker)) {
      for (const pass of passes) {
        await pass(shrinker, stream);
      }
    }
  }
}

/** All streams at once, then all but one, then one. */
async function clearAll(shrinker: Shrinker): Promise<void> {
  const streams = streamsOf(shrinker);
  const attempt = (cleared: readonly string[]) =>
    shrinker.attempt(Object.fromEntries(cleared.map((stream) => [stream, []])));
  await attempt(streams);
  for (const kept of streams) {
    await attempt(streams.filter((stream) => stream !== kept));
  }
  for (const stream of streams) {
    await attempt([stream]);
  }
}

/** Faults first, then the test program, then the order of turns, then all delays. */
function streamsOf({ best }: Shrinker): readonly string[] {
  return Object.keys(best.tape).toSorted((a, b) => rankOf(a) - rankOf(b) || (a < b ? -1 : 1));
}

const ranks: readonly RegExp[] = [/^swarm$/, /^faults\b/, /^test$/, /^turns$/, /^order$/];

function rankOf(stream: string): number {
  const rank = ranks.findIndex((pattern) => pattern.test(stream));
  return rank === -1 ? ranks.length : rank;
}

/** The seed is that of the run in which it was found. */
function from({ seed }: Failure, failure: Failure): Failure {
  return seed === undefined ? failure : { ...failure, seed };
}
