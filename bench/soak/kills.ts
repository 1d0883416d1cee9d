/** The shortest life, in ms: long enough to handle events. */
const shortest = 3000;
/** In ms. */
const longest = 20_000;

/**
 * The times at which the child is killed, in ms from the beginning, up to `end`. They depend on the
 * random numbers alone, so that a run can be repeated.
 */
export function killTimes(end: number, random: () => number): readonly number[] {
  // Several lives in a short time, too.
  const most = Math.min(longest, shortest + end / 8);
  const times: number[] = [];
  let time = 0;
  for (;;) {
    time += shortest + random() * (most - shortest);
    if (time > end) {
      return times;
    }
    times.push(time);
  }
}
