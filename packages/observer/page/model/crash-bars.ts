import type { CrashGroup } from '@reprise/observer/wire';

/** The crashes of the last hour in parts, the oldest first: they are told up to the last crash. */
export function crashBars(
  { from, part, counts }: CrashGroup['recent'],
  now: number,
): readonly number[] {
  const parts = counts.length;
  const passed = Math.min(parts, Math.max(0, Math.floor((now - from) / part) - parts + 1));
  return [...counts.slice(passed), ...new Array<number>(passed).fill(0)];
}
