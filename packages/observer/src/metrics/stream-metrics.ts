import type { System } from '@reprise/actor';
import { exposed } from '@reprise/actor/inspect';

import type { Look } from '../look/looker.ts';
import type { StreamLook } from '../look/stream-look.ts';
import { bounds, type Handling } from '../recording/handlings.ts';
import type { Recorded } from '../recording/record.ts';
import { streamKind } from '../recording/stream-fact.ts';
import type { StreamStatus } from '../recording/stream-status.ts';
import { addStream, addTotals, noStreamTotals, type StreamTotals } from '../recording/totals.ts';
import { families } from './families.ts';
import { type Distribution, type Metric, metric } from './metric.ts';

const states = ['disconnected', 'connecting', 'connected'] as const;

/** The metrics of streams. A system that has never had one has none of them. */
export function streamMetrics(system: System, recorded: Recorded, seen: Look): readonly Metric[] {
  const sums = [...streamSums(system, recorded)];
  if (sums.length === 0) {
    return [];
  }
  return [
    ...states.map((state) =>
      metric(families.streams, seen.streams.filter((one) => one.state === state).length, { state }),
    ),
    ...sums.map(([stream, { events }]) => metric(families.events, events, destination(stream))),
    ...sums.map(([stream, { bytes }]) => metric(families.bytes, bytes, { stream })),
    ...sums.flatMap(([stream, totals]) => connects(stream, totals)),
    ...gauges(recorded, seen),
    ...handlingMetrics([...recorded.handlings.all]),
  ];
}

/** Of the streams whose handlers are timed. */
function handlingMetrics(all: readonly (readonly [string, Handling])[]): readonly Metric[] {
  return [
    ...all.flatMap(([stream, { lag }]) =>
      lag === undefined ? [] : [metric(families.lag, lag, { stream })],
    ),
    ...all.map(([stream, handling]) => ({
      ...metric(families.duration, handling.count, destination(stream)),
      distribution: distributionOf(handling),
    })),
  ];
}

function distributionOf({ sum, classes }: Handling): Distribution {
  let count = 0;
  const buckets = Array.from(classes, (members, at) => {
    count += members;
    return [bounds[at] ?? Infinity, count] as const;
  });
  return { sum, buckets };
}

/** As the semantic conventions for messaging have it. */
export function destination(stream: string): Readonly<Record<string, string>> {
  return { 'messaging.system': 'sse', 'messaging.destination.name': stream };
}

/** A success has no error type. */
function connects(stream: string, { connections, connectFailures }: StreamTotals) {
  return [
    metric(families.connects, connections, { stream }),
    ...Array.from(connectFailures, ([type, count]) =>
      metric(families.connects, count, { stream, 'error.type': type }),
    ),
  ];
}

/** What the streams have counted: their processes that have ended, and those that run. */
function streamSums(
  system: System,
  { streamRecorder }: Recorded,
): ReadonlyMap<string, StreamTotals> {
  const { totals } = streamRecorder;
  const running = Array.from(exposed<StreamStatus>(system, streamKind), ([pid, facet]) => ({
    sum: totals.of(streamRecorder.now(pid).path),
    status: facet.read(),
  }));
  const sums = new Map(
    Array.from(totals, ([name, sum]) => [sum, { name, copy: copyOf(sum) }] as const),
  );
  for (const { sum, status } of running) {
    const entry = sums.get(sum);
    if (entry !== undefined) {
      addStream(entry.copy, status);
    }
  }
  return new Map(Array.from(sums.values(), ({ name, copy }) => [name, copy]));
}

function copyOf(sum: StreamTotals): StreamTotals {
  const copy = noStreamTotals();
  addTotals(copy, sum);
  return copy;
}

/** Of several streams in one sum, the greatest silence and age, and all unwritten moves. */
function gauges({ streamRecorder: { totals } }: Recorded, { at, streams }: Look) {
  const named = Map.groupBy(streams, ({ path }) => totals.nameOf(path));
  return [...named].flatMap(([stream, members]) => {
    const connected = members.filter(({ state }) => state === 'connected');
    const greatest = (read: (one: StreamLook) => number): number =>
      Math.max(...connected.map(read)) / 1000;
    const unwritten = members.reduce((sum, one) => sum + one.unwritten, 0);
    return [
      ...(connected.length === 0
        ? []
        : [
            metric(
              families.silence,
              greatest(({ heardAt = at }) => at - heardAt),
              { stream },
            ),
            metric(
              families.age,
              greatest(({ since }) => at - since),
              { stream },
            ),
          ]),
      metric(families.unwritten, unwritten, { stream }),
    ];
  });
}
