/**
 * What the feed does to its readers: `drop` breaks their connections off; `refuse` does too, and
 * answers the next request with 503; `silence` says nothing more on the connections there are, and
 * does not close them.
 */
export type Fault = 'drop' | 'refuse' | 'silence';

/** How many seconds it takes until everything happens again. */
const round = 60;

const plan: ReadonlyMap<number, Fault> = new Map([
  [3, 'drop'],
  [6, 'refuse'],
  [15, 'silence'],
  [30, 'drop'],
  [40, 'refuse'],
  [50, 'silence'],
]);

/** What happens in the given second of the feed, before its events are sent. The first is 1. */
export function faultIn(second: number): Fault | undefined {
  return plan.get(second % round);
}
