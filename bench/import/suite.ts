import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { Command } from 'commander';

import { quietMachine } from '../machine.ts';
import { addOptions, type Options } from '../options.ts';
import { formatRows, rowsJson } from '../streams/report.ts';
import { runInTurns } from '../streams/turns.ts';
import type { Reading } from './program.ts';

/** Ratios are to the first: the dependencies of this client, alone. */
const contenders = ['got and xstate', 'reprise'];

export const importing: Command = addOptions(
  new Command('import').description(
    'the CPU time that an import of @reprise/sse takes, as it is published',
  ),
  15,
).action(async (options: Options) => {
  const { json = false, quick = false, rounds = quick ? 1 : 15 } = options;
  const machine = await quietMachine(options);
  // Measures the published bundle: Node would have to strip the types of the sources first.
  await node(fileURLToPath(new URL('../../tools/bundle.ts', import.meta.url)));
  const readings = await runInTurns(contenders, rounds, run);
  const row = {
    bench: 'import',
    work: 'import',
    title: 'import in a cold process',
    unit: 'CPU ms',
    samples: new Map(
      [...readings].map(([name, each]) => [name, each?.map(({ cpu }) => cpu * 1000)]),
    ),
    goal: { type: 'times', atMost: 1.2 },
  } as const;
  console.log(json ? rowsJson(machine, [row]) : formatRows(machine, [row], rounds));
});

async function run(contender: string): Promise<Reading> {
  const program = fileURLToPath(new URL('program.ts', import.meta.url));
  return JSON.parse(await node(program, contender)) as Reading;
}

async function node(...program: readonly string[]): Promise<string> {
  return (await promisify(execFile)(process.execPath, program)).stdout;
}
