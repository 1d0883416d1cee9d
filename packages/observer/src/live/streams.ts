import type { StreamLook } from '../look/stream-look.ts';
import type { StreamTotals } from '../recording/totals.ts';
import type { Window } from './reader.ts';

/** So many streams are told in each look. */
const few = 50;
/** Of more, those that a page shows, and so many that need a look first. */
const first = 10;

/** The streams that a page is told of, as JSON. */
export function streamsFor(all: readonly StreamLook[]): (window: Window) => string {
  if (all.length <= few) {
    const text = textOf(all);
    return () => text;
  }
  const urgent = new Set(all.toSorted(byUrgency).slice(0, first));
  return ({ streams }) => {
    const shown = new Set(streams);
    return textOf(all.filter((one) => urgent.has(one) || shown.has(one.pid)));
  };
}

/** What those that run have counted, and those that have ended: it never falls. */
export function countsOf(
  running: readonly StreamLook[],
  ended: Iterable<readonly [path: string, totals: StreamTotals]>,
): Pick<StreamTotals, 'events' | 'bytes'> {
  const counts = { events: 0, bytes: 0 };
  for (const { events, bytes } of [...running, ...Array.from(ended, ([, totals]) => totals)]) {
    counts.events += events;
    counts.bytes += bytes;
  }
  return counts;
}

/** A time of the clock has a dozen digits after its point: here one is enough. */
function textOf(streams: readonly StreamLook[]): string {
  return JSON.stringify(streams, (_key, value: unknown) =>
    typeof value === 'number' ? Math.round(value * 10) / 10 : value,
  );
}

/** Those that are not connected first, then those with an event in hand, then by their silence. */
function byUrgency(a: StreamLook, b: StreamLook): number {
  return rank(a) - rank(b) || waitsSince(a) - waitsSince(b);
}

function rank({ state, inHandSince }: StreamLook): number {
  return state === 'connected' ? (inHandSince === undefined ? 2 : 1) : 0;
}

function waitsSince({ lostAt, inHandSince, heardAt, since }: StreamLook): number {
  return lostAt ?? inHandSince ?? heardAt ?? since;
}
