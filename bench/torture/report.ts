import type { Times, TortureReport } from './torture.ts';

/** The longest gap of a stream in a rolling restart, at the 99th percentile, in ms. */
const longestGap = 1000;
/** A stream may kill so many processes: with so many strikes it is parked. */
const mostDeaths = 5;

/** From the fault, in ms. */
function longestFailover({ ttl }: TortureReport): number {
  return ttl + 1000;
}

/** The broken rules, a line each. */
export function problemsIn(report: TortureReport): readonly string[] {
  const { failover, gap } = report;
  return [
    ...report.problems,
    ...report.poisoned
      .filter(({ deaths, isParked }) => deaths > mostDeaths || !isParked)
      .map(
        ({ stream, deaths, isParked }) =>
          `${stream} has killed ${deaths} processes, and is ${isParked ? 'parked' : 'not parked'}`,
      ),
    ...(failover.maxUnstalled >= longestFailover(report)
      ? [`a failover took ${failover.max} ms, ${failover.maxUnstalled} without stalls`]
      : []),
    ...(gap.p99Unstalled >= longestGap
      ? [`of the gaps in rolling restarts, the 99th percentile was ${gap.p99Unstalled} ms`]
      : []),
  ];
}

/** A table for people. */
export function format(report: TortureReport): string {
  const rows: readonly (readonly [string, string | number])[] = [
    ...Object.entries(report.played).map(([name, times]) => [name, `${times} ×`] as const),
    ...(report.lists ? [['changes of the list', report.listChanges] as const] : []),
    ...report.poisoned.map(
      ({ stream, deaths, isParked }) =>
        [stream, `${deaths} processes died, ${isParked ? 'parked' : 'not parked'}`] as const,
    ),
    ['effects', report.effects],
    ['two live owners at one instant', report.twoOwners],
    ['effects lost', report.lost],
    ['effects twice', report.twice],
    ['effects out of order', report.outOfOrder],
    ['epochs that fell', report.fallen],
    [`failover, max below ${longestFailover(report)} ms`, shown(report.failover)],
    [`gap in a rolling restart, p99 below ${longestGap} ms`, shown(report.gap)],
  ];
  return rows.map(([name, value]) => `${name.padEnd(50)} ${value}`).join('\n');
}

function shown({ count, p50, p99, max, p99Unstalled, maxUnstalled, longestAt }: Times): string {
  return count === 0
    ? 'none'
    : `p50 ${p50}, p99 ${p99}, max ${max} (${longestAt}); without stalls of the machine p99 ${p99Unstalled}, max ${maxUnstalled}`;
}
