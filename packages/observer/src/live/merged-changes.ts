import type { Change, MergedChange } from './change.ts';

/** Two of them that are farther apart are told one by one, in ms. */
const pause = 60_000;

/** Ten streams that are cut at once are one line, and so is one that is refused ten times. */
export function mergedChanges(newestFirst: readonly Change[]): readonly MergedChange[] {
  const runs: Change[][] = [];
  for (const change of newestFirst) {
    const run = runs.at(-1);
    const last = run?.at(-1);
    if (run !== undefined && last !== undefined && belongs(change, last)) {
      run.push(change);
    } else {
      runs.push([change]);
    }
  }
  return runs.map(merged);
}

function belongs({ kind, path, at }: Change, newer: Change): boolean {
  const isOfStreams = kind === 'lost' || kind === 'connected';
  const isNear = newer.at - at <= pause;
  return isOfStreams && kind === newer.kind && above(path) === above(newer.path) && isNear;
}

function merged(run: readonly Change[]): MergedChange {
  const [change] = run as readonly [Change];
  return {
    change,
    count: run.length,
    streams: new Set(run.map(({ path }) => path)).size,
    since: run.at(-1)?.at ?? change.at,
  };
}

function above(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf(' / ')));
}
