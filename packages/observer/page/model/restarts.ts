import type { TreeRow } from '@reprise/observer/wire';

/** The last hour touches so many: as many as the server keeps. */
const parts = 13;

/** How often a child was restarted in each part of the last hour: the last of them is now. */
export function restartsByPart({ restartHour }: TreeRow, now: number): readonly number[] {
  const { from = 0, part = 1, counts = [] } = restartHour ?? {};
  const first = Math.floor((now - from) / part) - parts + 1;
  return Array.from({ length: parts }, (_, at) => counts[first + at] ?? 0);
}

/** When the first of these parts began. */
export function restartsSince({ restartHour }: TreeRow, now: number): number {
  const { part = 1 } = restartHour ?? {};
  return (Math.floor(now / part) - parts + 1) * part;
}

/** How often in the last hour. */
export function restartsOf(row: TreeRow, now: number): number {
  return row.restartHour === undefined
    ? 0
    : restartsByPart(row, now).reduce((sum, count) => sum + count, 0);
}
