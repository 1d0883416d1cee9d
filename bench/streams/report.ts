import { formatMachine, type Machine } from '../machine.ts';
import { formatNumber, table } from '../table.ts';
import { medianOf, rangeOf, ratiosOf, type Samples } from './turns.ts';

/** One figure of all contenders. Ratios are to the first of them, round by round. */
export interface Row {
  readonly bench: 'sse' | 'idle' | 'latency' | 'import' | 'cluster' | 'workers' | 'observer';
  readonly work: string;
  readonly title: string;
  readonly unit: string;
  readonly samples: Samples;
  readonly goal?: Goal;
}

/**
 * At most `atMost`: times the first contender, units more than it, or units.
 */
export interface Goal {
  readonly type: 'times' | 'more' | 'limit';
  readonly atMost: number;
}

/** One figure of one contender, for programs. */
interface Line {
  readonly bench: Row['bench'];
  readonly work: string;
  readonly contender: string;
  /** The median; `null` for one that failed. */
  readonly value: number | null;
  readonly unit: string;
  /** The median of the ratios to the first contender in the same round. */
  readonly ratio: number | null;
  /** The smallest and the largest of these ratios. */
  readonly ratios: { readonly least: number; readonly most: number } | null;
  readonly samples: readonly number[];
  /** For Reprise alone. */
  readonly goals?: readonly { readonly goal: string; readonly isMet: boolean }[];
}

/** The rows as JSON, in the shape that all suites print. */
export function rowsJson(machine: Machine, rows: readonly Row[]): string {
  return JSON.stringify({ machine, results: rows.flatMap(linesOf) }, undefined, 2);
}

/** The rows as text: a title, and below it one line for each contender. */
export function formatRows(machine: Machine, rows: readonly Row[], rounds: number): string {
  return [
    `node ${process.versions.node}; ${formatMachine(machine)}; medians of ${rounds} rounds`,
    '',
    ...table([
      ['', '', '', 'ratio', 'from … to', ''],
      ...rows.flatMap((row) => [[row.title, '', '', '', '', ''], ...linesOf(row).map(cellsOf)]),
    ]),
  ].join('\n');
}

function cellsOf({ contender, value, unit, ratio, ratios, goals = [] }: Line): readonly string[] {
  return [
    `  ${contender}`,
    value === null ? 'FAILED' : formatNumber(value),
    unit,
    ratio === null ? '' : ratio.toFixed(2),
    ratios === null ? '' : `${ratios.least.toFixed(2)} … ${ratios.most.toFixed(2)}`,
    goals.map(({ goal, isMet }) => `${isMet ? '✓' : '✗'} ${goal}`).join(', '),
  ];
}

function linesOf(row: Row): readonly Line[] {
  const { bench, work, unit, samples } = row;
  const [first = []] = samples.values();
  return [...samples].map(([contender, values = []]) => {
    const ratios = ratiosOf(values, first);
    return {
      bench,
      work,
      contender,
      value: medianOf(values) ?? null,
      unit,
      ratio: medianOf(ratios) ?? null,
      ratios: rangeOf(ratios) ?? null,
      samples: values,
      ...verdictOf(row, contender, values, first),
    };
  });
}

/** Only Reprise has goals. */
function verdictOf(
  { goal, unit }: Row,
  contender: string,
  values: readonly number[],
  first: readonly number[],
): Pick<Line, 'goals'> {
  if (goal === undefined || !contender.startsWith('reprise')) {
    return {};
  }
  const value = medianOf(comparedBy(goal, values, first));
  const title = titles[goal.type](goal.atMost, unit);
  return value === undefined ? {} : { goals: [{ goal: title, isMet: value <= goal.atMost }] };
}

function comparedBy(
  { type }: Goal,
  values: readonly number[],
  first: readonly number[],
): readonly number[] {
  switch (type) {
    case 'times':
      return ratiosOf(values, first);
    case 'more':
      return values.map((value, round) => value - (first[round] ?? Number.NaN));
    case 'limit':
      return values;
    default:
      return type satisfies never;
  }
}

const titles: Readonly<Record<Goal['type'], (atMost: number, unit: string) => string>> = {
  times: (atMost) => `≤ ${atMost} ×`,
  more: (atMost, unit) => `≤ ${atMost} ${unit} more`,
  limit: (atMost, unit) => `≤ ${atMost} ${unit}`,
};
