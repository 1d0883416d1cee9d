import { Argument, Command } from 'commander';

import { quietMachine } from '../machine.ts';
import { contenders, type Contender, versionOf } from './contenders.ts';
import type { Fault } from './fault.ts';
import { faults } from './faults.ts';
import { CannotRun, observe } from './observe.ts';
import { formatFaults, type Report } from './report.ts';
import { linesOf, type Result, type Row, seen } from './result.ts';

interface Options {
  readonly json?: boolean;
  readonly quick?: boolean;
  readonly busy?: boolean;
}

/** How long a contender is watched, in ms. */
const window = { full: 5000, quick: 2000 };

export const rivalsFaults: Command = new Command('rivals-faults')
  .description('plays faults to this client and to others, and reports their behaviour')
  .addArgument(new Argument('[name...]', 'only these').choices(faults.map(({ name }) => name)))
  .option('--json', 'print one JSON document: the machine, and every figure and outcome')
  .option('--busy', 'measure although other programs use the machine')
  .option('--quick', 'watch for 2 s and not for 5: does everything still run?')
  .action((names: readonly string[], options: Options) =>
    run(
      faults.filter(({ name }) => names.length === 0 || names.includes(name)),
      options,
    ),
  );

async function run(chosen: readonly Fault[], options: Options): Promise<void> {
  const { json, quick = false } = options;
  const report: Report = {
    machine: await quietMachine(options),
    versions: Object.fromEntries([
      ['node', process.versions.node],
      ...contenders.map((contender) => [contender.name, versionOf(contender) ?? 'missing']),
    ]) as Report['versions'],
    isQuick: quick,
    rows: await playAll(chosen, quick ? window.quick : window.full),
  };
  console.log(
    json
      ? JSON.stringify(
          { ...report, rows: undefined, results: report.rows.flatMap(linesOf) },
          undefined,
          2,
        )
      : formatFaults(report),
  );
}

/** Prints its progress on stderr: all of them take minutes. */
async function playAll(chosen: readonly Fault[], ms: number): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const fault of chosen) {
    console.error(`${fault.title} (${rows.length + 1} of ${chosen.length})`);
    rows.push({ fault, results: await playToAll(fault, ms * (fault.windows ?? 1)) });
  }
  return rows;
}

async function playToAll(fault: Fault, ms: number): Promise<readonly Result[]> {
  if (!fault.isAlone) {
    return Promise.all(contenders.map((contender) => playTo(contender, fault, ms)));
  }
  const results: Result[] = [];
  for (const contender of contenders) {
    results.push(await playTo(contender, fault, ms));
  }
  return results;
}

async function playTo(contender: Contender, fault: Fault, ms: number): Promise<Result> {
  try {
    const [one, twin] = await Promise.all([
      observe(contender, fault, ms),
      fault.hasTwin ? observe(contender, fault, ms) : undefined,
    ]);
    return seen(contender, fault, one, twin ?? one);
  } catch (error) {
    if (!(error instanceof CannotRun)) {
      throw error;
    }
    console.error(`${contender.title} CANNOT RUN: ${error.message}`);
    return { type: 'cannotRun', contender, reason: error.message };
  }
}
