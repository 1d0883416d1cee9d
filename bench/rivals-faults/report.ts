import { formatMachine, type Machine } from '../machine.ts';
import { formatNumber, table } from '../table.ts';
import { contenders } from './contenders.ts';
import { type Row, valueOf } from './result.ts';

export interface Report {
  readonly machine: Machine;
  /** Of node, and by contender. */
  readonly versions: Readonly<Record<string, string>>;
  /** The run only shows that everything works: its outcomes mean little. */
  readonly isQuick: boolean;
  readonly rows: readonly Row[];
}

/** The report as text. */
export function formatFaults({ machine, versions, isQuick, rows }: Report): string {
  return [
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
    formatMachine(machine),
    ...(isQuick ? ['QUICK RUN: too short for many an outcome'] : []),
    '',
    // `table` aligns the last column left: it is an empty one.
    ...table([['', ...contenders.map(({ title }) => title), ''], ...rows.flatMap(blockOf)]),
    '',
    ...rows.flatMap(problemsOf),
  ].join('\n');
}

/** A fault: the outcomes, a phrase per line, then its figures. */
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
      ...results.map((result) => formatNumber(valueOf(result, at))),
      '',
    ]),
  ];
}

function problemsOf({ fault, results }: Row): readonly string[] {
  return results.flatMap((result) =>
    result.type === 'cannotRun'
      ? [`${fault.name}: ${result.contender.title} CANNOT RUN: ${result.reason}`]
      : [],
  );
}
