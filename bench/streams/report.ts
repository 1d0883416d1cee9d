import type { Machine } from '../machine.ts';
import { formatNumber, formatShare, table } from '../table.ts';
import { medianOf, type Samples, spreadOf } from './turns.ts';

/** One figure of all contenders. Ratios are to the first of them. */
export interface Row {
  readonly bench: 'sse' | 'idle' | 'latency' | 'import';
  readonly work: string;
  readonly title: string;
  readonly unit: string;
  readonly samples: Samples;
  /** `isMet` gets a median, and that of the first contender. */
  readonly goal?: { readonly title: string; isMet(value: number, first: number): boolean };
}

/** One figure of one contender, for programs. */
interface Line {
  readonly bench: Row['bench'];
  readonly work: string;
  readonly contender: string;
  /** The median; `null` for one that failed. */
  readonly value: number | null;
  readonly unit: string;
  /** The value divided by that of the first contender. */
  readonly ratio: number | null;
  readonly spread: number;
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
  const { processor, processors, load, isBusy } = machine;
  return [
    `node ${process.versions.node}; ${processors} × ${processor}; load ${load.toFixed(1)} before the run; median of ${rounds}`,
    ...(isBusy ? ['BUSY MACHINE: the ratios are uncertain'] : []),
    '',
    ...table([
      ['', '', '', 'ratio', 'spread', ''],
      ...rows.flatMap((row) => [[row.title, '', '', '', '', ''], ...linesOf(row).map(cellsOf)]),
    ]),
  ].join('\n');
}

function cellsOf({ contender, value, unit, ratio, spread, goals = [] }: Line): readonly string[] {
  return [
    `  ${contender}`,
    value === null ? 'FAILED' : formatNumber(value),
    unit,
    ratio === null ? '' : ratio.toFixed(2),
    formatShare(spread),
    goals.map(({ goal, isMet }) => `${isMet ? '✓' : '✗'} ${goal}`).join(', '),
  ];
}

function linesOf(row: Row): readonly Line[] {
  const { bench, work, unit, goal, samples } = row;
  const [firstSamples] = samples.values();
  const first = medianOf(firstSamples);
  return [...samples].map(([contender, values = []]) => {
    const value = medianOf(values);
    // Only Reprise has goals.
    const isJudged = goal !== undefined && contender.startsWith('reprise');
    return {
      bench,
      work,
      contender,
      value: value ?? null,
      unit,
      ratio: value === undefined || first === undefined || first === 0 ? null : value / first,
      spread: spreadOf(values),
      samples: values,
      ...(isJudged && value !== undefined && first !== undefined
        ? { goals: [{ goal: goal.title, isMet: goal.isMet(value, first) }] }
        : {}),
    };
  });
}
