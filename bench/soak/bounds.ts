/** The cursor of a client is written once so many events have been handled, if a second has not passed before. */
export const every = 10;

/**
 * By how many events a stream may go back at most: those since the cursor was written, and, from faults of the server's, up to 20 that had no ids and up to 20
 * that it sent again.
 */
export const furthestBack: number = every + 20 + 20;

/** Memory that grows by more in an hour is a leak, … */
const steepest = 100e6;
/** … and by more in all: it comes and goes by as much. In bytes. */
const least = 20e6;

export function isLeak(slope: number | null, growth: number | null): boolean {
  return (slope ?? 0) > steepest && (growth ?? 0) > least;
}
