import type { Machine } from '../machine.ts';
import { align } from '../report.ts';
import { medianOf, type Samples, spreadOf } from './turns.ts';

/** One figure of all contenders; the first of them is what the others are measured against. */
export interface Row {
  readonly bench: 'sse' | 'idle' | 'latency' | 'import';
  readonly work: string;
  readonly title: string;
  readonly unit: string;
  readonly samples: Samples;
  /** In words, and whether a median reaches it, given that of the first. */
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
  /** How many times the value of the first contender. */
  readonly ratio: number | null;
  readonly spread: number;
  readonly samples: readonly number[];
  /** Of ours alone. */
  readonly goals?: readonly { readonly goal: string; readonly isMet: boolean }[];
}

export function jsonOf(machine: Machine, rows: readonly Row[]): string {
  return JSON.stringify({ machine, results: rows.flatMap(linesOf) }, undefined, 2);
}

/** One line a contender, below the head of its work. */
export function format(machine: Machine, rows: readonly Row[], rounds: number): string {
  const { processor, processors, load, isBusy } = machine;
  return [
    `node ${process.versions.node}; ${processors} × ${processor}; load ${load.toFixed(1)} before the run; median of ${rounds}`,
    ...(isBusy ? ['BUSY MACHINE: the ratios are uncertain'] : []),
    '',
    ...align([
      ['', '', '', 'ratio', 'spread', ''],
      ...rows.flatMap((row) => [[row.title, '', '', '', '', ''], ...linesOf(row).map(cellsOf)]),
    ]),
  ].join('\n');
}

function cellsOf({ contender, value, unit, ratio, spread, goals = [] }: Line): readonly string[] {
  return [
    `  ${contender}`,
    value === null ? 'FAILED' : number.format(value),
    unit,
    ratio === null ? '' : ratio.toFixed(2),
    percent.format(spread),
    goals.map(({ goal, isMet }) => `${isMet ? '✓' : '✗'} ${goal}`).join(', '),
  ];
}

const number = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });
const percent = new Intl.NumberFormat('en', { style: 'percent' });

function linesOf(row: Row): readonly Line[] {
  const { bench, work, unit, goal, samples } = row;
  const [firstSamples] = samples.values();
  const first = medianOf(firstSamples);
  return [...samples].map(([contender, values = []]) => {
    const value = medianOf(values);
    // A goal is for us to reach.
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
