/**
 * The cursor of a client is written once so many events have been handled, if a second has not
 * passed before.
 */
export const every = 10;

/**
 * By how many events a stream may go back at most: those since the cursor was written, and, from
 * faults of the server's, up to 20 that had no ids and up to 20 that it sent again.
 */
export const furthestBack: number = every + 20 + 20;

/** Memory that grows by more in an hour is a leak, … */
const steepest = 100e6;
/** … and by more in all: it comes and goes by as much. In bytes. */
const least = 20e6;

/**
 * What is held grows by no more, in bytes, while code warms up; and each stream holds now more, now
 * less.
 */
const mostHeld = { ofAll: 1e6, ofStream: 4e3 };

/** RSS shows a leak in a long run; the heap also in a short one. */
export function isLeak({ rssSlope, rssGrowth, heldGrowth, streams }: Memory): boolean {
  return (
    ((rssSlope ?? 0) > steepest && (rssGrowth ?? 0) > least) ||
    (heldGrowth ?? 0) > mostHeld.ofAll + streams * mostHeld.ofStream
  );
}

interface Memory {
  readonly rssSlope: number | null;
  readonly rssGrowth: number | null;
  readonly heldGrowth: number | null;
  readonly streams: number;
}
