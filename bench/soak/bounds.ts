/**
 * The cursor of a client is written after this number of handled events, or after a second if that
 * is earlier.
 */
export const every = 10;

/**
 * The most events that a stream may repeat at once: those since the last write of the cursor, twice
 * as many where its store is slow, and, by faults of the server, up to 20 without ids and up to 20
 * that it sends twice.
 */
export const furthestBack: number = 2 * every + 20 + 20;

/**
 * The longest that a client may let pass until it asks again, in ms: an idle timeout of 3 s, a
 * delay of 2 s, and a start of the child on a busy machine.
 */
export const longestAbsence = 20_000;

/** The longest that a stream may stand still, in ms, with several faults in a row. */
export const longestRecovery = 60_000;

/** Memory that grows by more in an hour is a leak, … */
const steepest = 100e6;
/** … if it also grows by more than this in all, in bytes: RSS varies by as much without a leak. */
const least = 20e6;

/**
 * The growth of the heap that is no leak, in bytes: for all streams together while code warms up,
 * and for each stream, whose memory varies.
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
