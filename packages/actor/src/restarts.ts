/** How many restarts a supervisor allows in how long. */
export interface Intensity {
  readonly maxRestarts: number;
  readonly maxSeconds: number;
}

/**
 * The restarts that still count when one more happens at `now` (ms): those of the last `maxSeconds`, the one on the very edge included, as in
 * OTP. `undefined` when they are more than `maxRestarts`: the supervisor is to give up.
 */
export function addRestart(
  restarts: readonly number[],
  now: number,
  { maxRestarts, maxSeconds }: Intensity,
): readonly number[] | undefined {
  const counting = [...restarts.filter((time) => now <= time + maxSeconds * 1000), now];
  return counting.length > maxRestarts ? undefined : counting;
}
