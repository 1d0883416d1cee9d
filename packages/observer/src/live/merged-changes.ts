import type { Change, MergedChange } from './change.ts';

/** Two of them that are farther apart are told one by one, in ms. */
const pause = 60_000;

/**
 * Ten streams that are cut at once are one line, and so is a process that crashes ten times within
 * minutes, also while others do: of a storm there is more to see than its last seconds.
 */
export function mergedChanges(newestFirst: readonly Change[]): readonly MergedChange[] {
  const runs: Change[][] = [];
  const newest = new Map<string, Change[]>();
  for (const change of newestFirst) {
    const key = keyOf(change);
    const run = newest.get(key);
    const last = run?.at(-1);
    if (run !== undefined && last !== undefined && last.at - change.at <= pause) {
      run.push(change);
    } else {
      const started = [change];
      newest.set(key, started);
      runs.push(started);
    }
  }
  return runs.map(merged);
}

/** Streams go by their supervisor, other processes by themselves. */
function keyOf({ kind, path, pid }: Change): string {
  const isOfStream = kind === 'lost' || kind === 'connected';
  return `${kind} ${isOfStream ? above(path) : path || pid}`;
}

function merged(run: readonly Change[]): MergedChange {
  const [change] = run as readonly [Change];
  return {
    change,
    count: run.length,
    paths: new Set(run.map(({ path }) => path)).size,
    since: run.at(-1)?.at ?? change.at,
  };
}

function above(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf(' / ')));
}
