/**
 * A fault of the feed. `drop`: its connections are cut. `refuse`: they are cut, and the next
 * request is answered with 503. `silence`: its connections stay open, and nothing more is sent on
 * them.
 */
export type Fault = 'drop' | 'refuse' | 'silence';

/** After how many seconds the faults repeat. */
const round = 60;

const plan: ReadonlyMap<number, Fault> = new Map([
  [3, 'drop'],
  [6, 'refuse'],
  [15, 'silence'],
  [30, 'drop'],
  [40, 'refuse'],
  [50, 'silence'],
]);

/** The fault in this second of the feed, before its events are sent. The first second is 1. */
export function faultIn(second: number): Fault | undefined {
  return plan.get(second % round);
}
