/** A time in which a process did not run though it wanted to, by the machine's clock, in ms. */
export interface Stall {
  readonly from: number;
  readonly to: number;
}

/** The part of a time in which a process was stalled, in ms. */
export function stalledWithin(stalls: readonly Stall[], { from, to }: Stall): number {
  return stalls.reduce(
    (sum, stall) => sum + Math.max(0, Math.min(to, stall.to) - Math.max(from, stall.from)),
    0,
  );
}
