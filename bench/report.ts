import type { Metric, Target } from './benchmark.ts';
import { contenders, type ContenderName, type Rival } from './contender.ts';
import type { Machine } from './machine.ts';
import type { MetricResult, Result, Verdict } from './result.ts';

/** All that a run has found out; `--json` prints it as it is. */
export interface Report {
  readonly suite: string;
  readonly rounds: number;
  /** Its figures mean nothing: it was only to see that everything runs. */
  readonly isQuick: boolean;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  readonly benchmarks: readonly Result[];
}

/** For people. */
export function format(report: Report): string {
  return [
    ...headOf(report),
    '',
    ...align([headings, ...report.benchmarks.flatMap(({ metrics }) => metrics.map(rowOf))]),
    '',
    ...report.benchmarks.flatMap(troublesOf),
  ].join('\n');
}

const rivals: readonly Rival[] = ['beam', 'nact', 'xstate'];
const everybody: readonly ContenderName[] = ['reprise', ...rivals];
const headings: readonly string[] = [
  '',
  '',
  ...everybody.map(titleOf),
  ...rivals.map((name) => `× ${titleOf(name)}`),
  'spread',
  'to reach',
];

function headOf({ machine, rounds, isQuick, versions }: Report): readonly string[] {
  const { processor, processors, load, isBusy } = machine;
  const names = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    names.join(', '),
    `${processors} × ${processor}; load ${load.toFixed(1)} before the run; median of ${rounds}`,
    ...(isBusy ? ['BUSY MACHINE: the figures are too low, and the ratios uncertain'] : []),
    ...(isQuick ? ['QUICK RUN: too short to mean anything'] : []),
  ];
}

function rowOf(metric: MetricResult): readonly string[] {
  return [
    metric.title,
    metric.unit.label,
    ...everybody.map((name) => shown(metric.medians[name], metric.unit.size)),
    ...rivals.map((name) => shown(metric.ratios[name])),
    percent.format(metric.spread),
    metric.verdicts.map((verdict) => verdictOf(metric, verdict)).join(', '),
  ];
}

const number = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });
const percent = new Intl.NumberFormat('en', { style: 'percent' });

function shown(value: number | undefined, unit = 1): string {
  return value === undefined ? '' : number.format(value / unit);
}

function verdictOf(metric: Metric, { target, isMet }: Verdict): string {
  const mark = isMet === undefined ? '?' : isMet ? '✓' : '✗';
  return `${mark} ${goalOf(metric, target)}`;
}

function goalOf({ unit }: Metric, target: Target): string {
  return target.type === 'limit'
    ? `≤ ${shown(target.atMost, unit.size)} ${unit.label}`
    : `≥ ${target.atLeast} × ${titleOf(target.rival)}`;
}

function titleOf(name: ContenderName): string {
  return contenders[name].title;
}

/** Words to the left, figures to the right. */
export function align(rows: readonly (readonly string[])[]): readonly string[] {
  const width = (at: number): number => Math.max(...rows.map((row) => row[at]?.length ?? 0));
  return rows.map((row) =>
    row
      .map((cell, at) => {
        const isText = at === 0 || at === row.length - 1;
        return isText ? cell.padEnd(width(at)) : cell.padStart(width(at));
      })
      .join('  ')
      .trimEnd(),
  );
}

function troublesOf({ name, contenders: outcomes }: Result): readonly string[] {
  return Object.entries(outcomes).flatMap(([contender, outcome]) => {
    const title = titleOf(contender as ContenderName);
    switch (outcome.type) {
      case 'measured':
        return [];
      case 'missing':
        return [`${name}: ${title} is not installed; it comes with: ${outcome.install}`];
      case 'failed':
        return [`${name}: ${title} FAILED: ${outcome.error}`];
      default:
        return outcome satisfies never;
    }
  });
}
