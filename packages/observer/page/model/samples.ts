import type { Vitals } from '@reprise/observer/wire';

/** The figures of one look, with rates since the one before. */
export interface Point {
  readonly at: number;
  readonly events: number;
  readonly bytes: number;
  readonly handled: number;
  /** The share of one processor, in percent. */
  readonly cpu: number;
  readonly loopDelay: number;
  readonly messages: number;
  readonly heapUsed: number;
  readonly heapTotal: number;
  readonly processes: number;
  readonly connected: number;
}

/** Ten minutes at two looks a second. */
const most = 1200;
const longest = 5000;

/** The next points: curves begin when somebody looks. */
export function withPoint(
  points: readonly Point[],
  before: Vitals | undefined,
  now: Vitals,
): readonly Point[] {
  const span = before === undefined ? 0 : now.at - before.at;
  if (before === undefined || span <= 0 || span > longest) {
    return points;
  }
  const rate = (of: (vitals: Vitals) => number): number =>
    Math.max(0, ((of(now) - of(before)) / span) * 1000);
  const { at, loopDelay, messages, heapUsed, heapTotal, processes, connected } = now;
  const point: Point = {
    at,
    events: rate(({ events }) => events),
    bytes: rate(({ bytes }) => bytes),
    handled: rate(({ handled }) => handled),
    cpu: rate(({ cpu }) => cpu) / 10,
    loopDelay,
    messages,
    heapUsed,
    heapTotal,
    processes,
    connected,
  };
  return [...points.slice(1 - most), point];
}
