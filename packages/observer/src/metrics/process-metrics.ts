import type { System } from '@reprise/actor';
import { sample } from '@reprise/actor/inspect';

import { pathOf } from '../history/rows.ts';
import type { Recorded } from '../recording/record.ts';
import type { ProcessTotals } from '../recording/totals.ts';
import { families } from './families.ts';
import { type Metric, metric } from './metric.ts';

/** The metrics of processes and supervisors. */
export function processMetrics(system: System, recorded: Recorded): readonly Metric[] {
  const { exits, restarts, gaveUps, droppedMessages } = recorded.counter;
  const sums = [...processSums(system, recorded)];
  return [
    ...Array.from(exits, ([type, count]) => metric(families.exits, count, { 'reason.type': type })),
    ...Array.from(restarts).flatMap(([supervisor, counts]) =>
      Array.from(counts, ([type, count]) =>
        metric(families.restarts, count, { supervisor, 'reason.type': type }),
      ),
    ),
    ...Array.from(gaveUps, ([supervisor, { count }]) =>
      metric(families.gaveUps, count, { supervisor }),
    ),
    ...sums.map(([process, { messages }]) =>
      metric(families.processMessages, messages, { process }),
    ),
    ...sums.map(([process, { busy }]) => metric(families.busy, busy / 1000, { process })),
    ...Array.from(droppedMessages, ([process, { count }]) =>
      metric(families.dropped, count, { process }),
    ),
  ];
}

/** What the children have counted: their processes that have ended, and those that run. */
function processSums(
  system: System,
  { counter: { processes }, recorder: { history } }: Recorded,
): ReadonlyMap<string, ProcessTotals> {
  const { ids, handled, busy, length } = sample(system);
  const rows = new Map(Array.from({ length }, (_, row) => [ids[row], row]));
  const running = Array.from(history.running(), ([row, pid]) => ({
    sum: processes.of(pathOf(row)),
    row: rows.get(pid) ?? length,
  }));
  const sums = new Map(Array.from(processes, ([name, sum]) => [sum, { name, ...sum }]));
  for (const { sum, row } of running) {
    const copy = sums.get(sum);
    if (copy !== undefined) {
      copy.messages += handled[row] ?? 0;
      copy.busy += Math.abs(busy[row] ?? 0);
    }
  }
  return new Map(Array.from(sums.values(), ({ name, ...sum }) => [name, sum]));
}
