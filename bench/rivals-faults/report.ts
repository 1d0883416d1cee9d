import type { Machine } from '../machine.ts';
import { align } from '../report.ts';
import { contenders } from './contenders.ts';
import { type Row, valueOf } from './result.ts';

export interface Report {
  readonly machine: Machine;
  /** Of node, and by contender. */
  readonly versions: Readonly<Record<string, string>>;
  /** Its outcomes mean little: it was only to see that everything runs. */
  readonly isQuick: boolean;
  readonly rows: readonly Row[];
}

/** For people. */
export function format({ machine, versions, isQuick, rows }: Report): string {
  const { processor, processors, load, isBusy } = machine;
  return [
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
    `${processors} × ${processor}; load ${load.toFixed(1)} before the run`,
    ...(isBusy ? ['BUSY MACHINE: rates are too low'] : []),
    ...(isQuick ? ['QUICK RUN: too short for many an outcome'] : []),
    '',
    // The last column is the left-aligned one; nothing is in it.
    ...align([['', ...contenders.map(({ title }) => title), ''], ...rows.flatMap(blockOf)]),
    '',
    ...rows.flatMap(troublesOf),
  ].join('\n');
}

/** A fault: what came of it, a phrase a line, then its figures. */
function blockOf({ fault, results }: Row): readonly (readonly string[])[] {
  const words = results.map((result) => (result.type === 'seen' ? result.outcome : ['CANNOT RUN']));
  const height = Math.max(...words.map(({ length }) => length));
  return [
    [''],
    ...Array.from({ length: height }, (_, line) => [
      line === 0 ? fault.title : '',
      ...words.map((phrases) => phrases[line] ?? ''),
      '',
    ]),
    ...fault.figures.map((figure, at) => [
      `  ${[figure.title, figure.unit].filter(Boolean).join(', ')}`,
      ...results.map((result) => shown(valueOf(result, at))),
      '',
    ]),
  ];
}

const number = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

function shown(value: number | undefined): string {
  return value === undefined ? '' : number.format(value);
}

function troublesOf({ fault, results }: Row): readonly string[] {
  return results.flatMap((result) =>
    result.type === 'cannotRun'
      ? [`${fault.name}: ${result.contender.title} CANNOT RUN: ${result.reason}`]
      : [],
  );
}
