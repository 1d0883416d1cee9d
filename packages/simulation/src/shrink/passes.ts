import type { Shrinker } from './shrinker.ts';

/** Makes one stream of the best run smaller, as far as it goes. */
export type Pass = (shrinker: Shrinker, stream: string) => Promise<void>;

/** Makes draws tame, in blocks: half of those that are not, then a fourth, down to single ones. */
export const tame: Pass = async (shrinker, stream) => {
  const wild = (): readonly number[] =>
    shrinker.drawsOf(stream).flatMap((draw, at) => (draw === 0 ? [] : [at]));
  await inBlocks(
    1,
    () => wild().length,
    async (from, to) => {
      const block = new Set(wild().slice(from, to));
      const draws = shrinker.drawsOf(stream).map((draw, at) => (block.has(at) ? 0 : draw));
      return shrinker.attempt({ [stream]: draws });
    },
  );
};

/** Deletes draws, in blocks: later draws move forward. */
export const cut: Pass = async (shrinker, stream) => {
  // Of a long stream every single draw would take more runs than there are.
  const least = Math.ceil(shrinker.drawsOf(stream).length / mostCuts);
  await inBlocks(
    least,
    () => shrinker.drawsOf(stream).length,
    async (from, to) => {
      const draws = shrinker.drawsOf(stream);
      return shrinker.attempt({ [stream]: [...draws.slice(0, from), ...draws.slice(to)] });
    },
  );
};

/**
 * Moves each draw that is not tame forward, past the tame ones before it, as far as it goes: its
 * effect comes earlier then, and the run needs fewer steps before it.
 */
export const pull: Pass = async (shrinker, stream) => {
  for (let at = 0; at < shrinker.drawsOf(stream).length; at += 1) {
    if (shrinker.drawsOf(stream)[at] !== 0) {
      at -= await pullOne(shrinker, stream, at);
    }
  }
};

/** Halves each draw as often as it goes, then takes 1 from it. */
export const lower: Pass = async (shrinker, stream) => {
  for (let at = 0; at < shrinker.drawsOf(stream).length; at += 1) {
    while (await lowerOne(shrinker, stream, at)) {
      // Again, with the smaller draw.
    }
  }
};

const mostCuts = 100;

/** By how many places the draw was moved. */
async function pullOne(shrinker: Shrinker, stream: string, at: number): Promise<number> {
  const draws = shrinker.drawsOf(stream);
  const tameBefore = at - 1 - draws.findLastIndex((draw, place) => place < at && draw !== 0);
  const least = Math.max(1, tameBefore - mostPulls);
  // Most places are those of another kind of choice, where the draw means something else.
  for (let by = tameBefore; by >= least; by -= 1) {
    if (await shrinker.attempt({ [stream]: draws.toSpliced(at - by, by) })) {
      return by;
    }
  }
  return 0;
}

const mostPulls = 200;

async function lowerOne(shrinker: Shrinker, stream: string, at: number): Promise<boolean> {
  const draws = shrinker.drawsOf(stream);
  const draw = draws[at] ?? 0;
  for (const smaller of draw === 0 ? [] : [draw >> 1, draw - 1]) {
    if (await shrinker.attempt({ [stream]: draws.with(at, smaller) })) {
      return true;
    }
  }
  return false;
}

/** Tries blocks of a list from its end, at first all of it, then halves, down to `least`. */
async function inBlocks(
  least: number,
  length: () => number,
  attempt: (from: number, to: number) => Promise<boolean>,
): Promise<void> {
  for (let size = length(); size >= Math.max(1, least); size = Math.floor(size / 2)) {
    for (let end = length(); end > 0; end = Math.min(end - size, length())) {
      await attempt(Math.max(0, end - size), end);
    }
  }
}
