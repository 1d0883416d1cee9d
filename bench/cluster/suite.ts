import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { Argument, Command } from 'commander';

import { quietMachine } from '../machine.ts';
import { addOptions, type Options } from '../options.ts';
import { formatRows, type Row, rowsJson } from '../streams/report.ts';
import { works } from './work.ts';

const engines = { postgres: 'Postgres', sqlite: 'SQLite' };

export const cluster: Command = addOptions(
  new Command('cluster')
    .description('the stores of @reprise/cluster, and the same writes by hand without a fence')
    .addArgument(new Argument('[name...]', 'only these').choices(works.map(({ name }) => name))),
  7,
).action(async (names: readonly string[], options: Options) => {
  const { json = false, quick = false, rounds = quick ? 1 : 7 } = options;
  const machine = await quietMachine(options);
  const chosen = names.length === 0 ? works.map(({ name }) => name) : names;
  const rows: Row[] = [];
  for (const [engine, title] of Object.entries(engines)) {
    console.error(title);
    rows.push(...(await play(engine, title, [rounds, quick ? 10 : 1], chosen)));
  }
  console.log(json ? rowsJson(machine, rows) : formatRows(machine, rows, rounds));
});

type Results = Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;

/** All in one process and in turns: separate processes scatter by more than a fence costs. */
async function play(
  engine: string,
  title: string,
  amounts: readonly number[],
  chosen: readonly string[],
): Promise<readonly Row[]> {
  const program = fileURLToPath(new URL('program.ts', import.meta.url));
  const args = ['--conditions=@reprise/source', program, engine, ...amounts.map(String), ...chosen];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 10 * 60_000 });
  const results = JSON.parse(stdout) as Results;
  return works.flatMap((work) => {
    const samples = results[work.name];
    return samples === undefined
      ? []
      : [
          {
            bench: 'cluster',
            work: `${engine} ${work.name}`,
            title: `${title}: ${work.title}`,
            unit: work.unit,
            samples: new Map(Object.entries(samples)),
          },
        ];
  });
}
