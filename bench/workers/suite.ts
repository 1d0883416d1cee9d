import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { Command } from 'commander';

import { quietMachine } from '../machine.ts';
import { addOptions, type Options } from '../options.ts';
import { formatRows, rowsJson } from '../streams/report.ts';
import { runInTurns } from '../streams/turns.ts';
import type { Reading } from './program.ts';

/** Ratios are to one worker. */
const contenders = [
  ...new Set([1, 2, availableParallelism()].map((count) => `${count} ${nounFor(count)}`)),
];

export const workers: Command = addOptions(
  new Command('workers').description(
    'events through nodes in several processes, whose handler needs 20 µs of the processor',
  ),
  3,
).action(async (options: Options) => {
  const { json = false, quick = false, rounds = quick ? 1 : 3 } = options;
  const machine = await quietMachine(options);
  const readings = await runInTurns(contenders, rounds, (contender) =>
    run(Number.parseInt(contender), quick ? 500 : 5000),
  );
  const rows = figures.map(({ name, title, unit }) => ({
    bench: 'workers' as const,
    work: name,
    title,
    unit,
    samples: new Map([...readings].map(([count, each]) => [count, each?.map((one) => one[name])])),
  }));
  console.log(json ? rowsJson(machine, rows) : formatRows(machine, rows, rounds));
});

/** The cost does not depend on how many cores are free for the workers: the source needs some. */
const figures = [
  { name: 'rate', title: '40 streams as fast as they are handled', unit: 'events/s' },
  { name: 'cost', title: '… of the processors', unit: 'µs an event' },
] as const;

function nounFor(count: number): string {
  return count === 1 ? 'worker' : 'workers';
}

async function run(count: number, ms: number): Promise<Reading> {
  const program = fileURLToPath(new URL('program.ts', import.meta.url));
  const args = ['--conditions=@reprise/source', program, `${count}`, `${ms}`];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as Reading;
}
