import { formatEntry } from '../trace/text.ts';
import type { TraceEntry } from '../trace/trace.ts';
import type { SeedResult } from './seed-run.ts';

/** The first step in which two runs differ. */
export interface FirstDifference {
  readonly step: number;
  /** `undefined`: that run had ended. */
  readonly was: TraceEntry | undefined;
  readonly is: TraceEntry | undefined;
}

/** Compares the steps that both traces have kept; `undefined` if they are the same. */
export function firstDifference(
  before: readonly TraceEntry[],
  after: readonly TraceEntry[],
): FirstDifference | undefined {
  const later = new Map(after.map((entry) => [entry.n, entry] as const));
  const changed = before.find(({ n, hash }) => later.get(n)?.hash !== hash);
  if (changed !== undefined) {
    return { step: changed.n, was: changed, is: later.get(changed.n) };
  }
  const last = before.at(-1)?.n ?? 0;
  const added = after.find(({ n }) => n > last);
  return added === undefined ? undefined : { step: added.n, was: undefined, is: added };
}

/** In words, over several lines. */
export function formatDifference({ step, was, is }: FirstDifference): string {
  return `step ${step}\n  was  ${formatStep(was)}\n  is   ${formatStep(is)}`;
}

/** Whether the second run of a seed took the same steps, and ended in the same way. */
export function isSameRun(before: SeedResult, after: SeedResult): boolean {
  return (
    before.hash === after.hash &&
    before.steps === after.steps &&
    before.violation?.message === after.violation?.message
  );
}

function formatStep(entry: TraceEntry | undefined): string {
  return entry === undefined ? 'the end of the run' : formatEntry(entry);
}
