import type { Metric, Target } from './benchmark.ts';
import { contenders, type ContenderName, type Rival } from './contender.ts';
import { formatMachine, type Machine } from './machine.ts';
import { type MetricResult, readingsOf, type Result, type Verdict } from './result.ts';
import type { Outcome } from './rounds.ts';
import { formatNumber, formatShare, table } from './table.ts';

/** The results of a run. */
export interface Report {
  readonly suite: string;
  readonly rounds: number;
  /** The run only shows that everything works: its figures mean nothing. */
  readonly isQuick: boolean;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  readonly benchmarks: readonly Result[];
}

/** One figure of one contender, for programs. */
interface Line {
  readonly bench: string;
  readonly work: string;
  readonly contender: string;
  /** The median; `null` where there is none. */
  readonly value: number | null;
  readonly unit: string;
  /** The value divided by that of `reprise`. */
  readonly ratio: number | null;
  readonly samples: readonly number[];
  /** Why there is no value. */
  readonly problem?: string;
  /** For Reprise alone. `isMet` is `null` where the rival could not be measured. */
  readonly goals?: readonly { readonly goal: string; readonly isMet: boolean | null }[];
}

/** The report as JSON, in the shape that all suites print. */
export function reportJson({ suite, benchmarks, machine, ...rest }: Report): string {
  const results = benchmarks.flatMap((result) =>
    result.metrics.flatMap((metric) => linesOf(suite, result, metric)),
  );
  return JSON.stringify({ machine, ...rest, results }, undefined, 2);
}

function linesOf(bench: string, result: Result, metric: MetricResult): readonly Line[] {
  const { name, unit, medians, verdicts } = metric;
  const own = medians.reprise;
  return Object.entries(result.contenders).map(([contender, outcome]) => {
    const value = medians[contender as ContenderName];
    const problem = problemOf(contender as ContenderName, outcome);
    return {
      bench,
      work: `${result.name} ${name}`,
      contender,
      value: value === undefined ? null : value / unit.size,
      unit: unit.label,
      ratio: value === undefined || own === undefined || own === 0 ? null : value / own,
      samples: readingsOf(outcome, name).map((sample) => sample / unit.size),
      ...(problem === undefined ? {} : { problem }),
      ...(contender === 'reprise'
        ? {
            goals: verdicts.map(({ target, isMet }) => ({
              goal: goalOf(metric, target),
              isMet: isMet ?? null,
            })),
          }
        : {}),
    };
  });
}

/** The report as text. */
export function formatReport(report: Report): string {
  return [
    ...headOf(report),
    '',
    ...table([headings, ...report.benchmarks.flatMap(({ metrics }) => metrics.map(rowOf))]),
    '',
    ...report.benchmarks.flatMap(problemsOf),
  ].join('\n');
}

const rivals: readonly Rival[] = ['beam', 'nact', 'xstate'];
const all: readonly ContenderName[] = ['reprise', ...rivals];
const headings: readonly string[] = [
  '',
  '',
  ...all.map(titleOf),
  ...rivals.map((name) => `× ${titleOf(name)}`),
  'spread',
  'to reach',
];

function headOf({ machine, rounds, isQuick, versions }: Report): readonly string[] {
  const names = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    names.join(', '),
    `${formatMachine(machine)}; median of ${rounds}`,
    ...(isQuick ? ['QUICK RUN: too short to mean anything'] : []),
  ];
}

function rowOf(metric: MetricResult): readonly string[] {
  return [
    metric.title,
    metric.unit.label,
    ...all.map((name) => formatNumber(metric.medians[name], metric.unit.size)),
    ...rivals.map((name) => formatNumber(metric.ratios[name])),
    formatShare(metric.spread),
    metric.verdicts.map((verdict) => verdictOf(metric, verdict)).join(', '),
  ];
}

function verdictOf(metric: Metric, { target, isMet }: Verdict): string {
  const mark = isMet === undefined ? '?' : isMet ? '✓' : '✗';
  return `${mark} ${goalOf(metric, target)}`;
}

function goalOf({ unit }: Metric, target: Target): string {
  return target.type === 'limit'
    ? `≤ ${formatNumber(target.atMost, unit.size)} ${unit.label}`
    : `≥ ${target.atLeast} × ${titleOf(target.rival)}`;
}

function titleOf(name: ContenderName): string {
  return contenders[name].title;
}

function problemsOf({ name, contenders: outcomes }: Result): readonly string[] {
  return Object.entries(outcomes)
    .map(([contender, outcome]) => problemOf(contender as ContenderName, outcome))
    .filter((problem) => problem !== undefined)
    .map((problem) => `${name}: ${problem}`);
}

function problemOf(name: ContenderName, outcome: Outcome): string | undefined {
  switch (outcome.type) {
    case 'measured':
      return undefined;
    case 'missing':
      return `${titleOf(name)} is not installed; it comes with: ${outcome.install}`;
    case 'failed':
      return `${titleOf(name)} FAILED: ${outcome.error}`;
    default:
      return outcome satisfies never;
  }
}
