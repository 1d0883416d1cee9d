/** How many crashes there were in parts of the hour that ends with the last one. */
export interface CrashCounts {
  /** When the first part begins. */
  readonly from: number;
  /** How long a part is, in ms. */
  readonly part: number;
  /** The oldest part first; the last crash was in the last part. */
  readonly counts: readonly number[];
}

export interface OpenCounts extends CrashCounts {
  from: number;
  readonly counts: number[];
}

const part = 120_000;
/** An hour touches so many. */
const parts = 31;

export function countsOfFirst(at: number): OpenCounts {
  const counts = new Array<number>(parts).fill(0);
  counts[parts - 1] = 1;
  return { from: firstOf(at), part, counts };
}

export function addCrash(open: OpenCounts, at: number): void {
  const passed = Math.min(parts, (firstOf(at) - open.from) / part);
  open.from = firstOf(at);
  open.counts.splice(0, passed);
  open.counts.push(...new Array<number>(passed).fill(0));
  open.counts[parts - 1] = (open.counts[parts - 1] ?? 0) + 1;
}

/** When the first part begins, if `at` is in the last one. */
function firstOf(at: number): number {
  return (Math.floor(at / part) + 1 - parts) * part;
}
