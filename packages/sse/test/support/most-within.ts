/** How many of these times, which are in order, lie within `ms` of each other at the most. */
export function mostWithin(ms: number, times: readonly number[]): number {
  let most = 0;
  let first = 0;
  for (const [index, time] of times.entries()) {
    while (time - (times[first] ?? 0) >= ms) {
      first += 1;
    }
    most = Math.max(most, index - first + 1);
  }
  return most;
}
