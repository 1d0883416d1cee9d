import { Argument, Command } from 'commander';

import { actor } from './actor/suite.ts';
import type { Benchmark } from './benchmark.ts';
import { chart } from './chart/command.ts';
import { cluster } from './cluster/suite.ts';
import { type ContenderName, contenders, type Versions } from './contender.ts';
import { idle } from './idle/suite.ts';
import { importing } from './import/suite.ts';
import { latency } from './latency/suite.ts';
import { BusyMachineError, quietMachine } from './machine.ts';
import { observing } from './observer/suite.ts';
import { addOptions, type Options } from './options.ts';
import { pair } from './pair/suite.ts';
import { formatReport, type Report, reportJson } from './report.ts';
import { resultOf, type Result } from './result.ts';
import { rivalsFaults } from './rivals-faults/suite.ts';
import { type Plan, playRounds } from './rounds.ts';
import { sdkFaultsCommand } from './sdk-faults/suite.ts';
import { sse } from './sse/suite.ts';
import { supervisor } from './supervisor/suite.ts';
import { workers } from './workers/suite.ts';

const suites: Readonly<Record<string, readonly Benchmark[]>> = { actor, supervisor };

const program = new Command('bench').description(
  'Measures this code and others side by side, in one run, in turns.',
);
for (const [name, benchmarks] of Object.entries(suites)) {
  addSuite(name, benchmarks);
}
program.addCommand(rivalsFaults);
program.addCommand(sdkFaultsCommand);
program.addCommand(sse);
program.addCommand(idle);
program.addCommand(latency);
program.addCommand(importing);
program.addCommand(cluster);
program.addCommand(workers);
program.addCommand(observing);
program.addCommand(pair);
program.addCommand(chart);
await program.parseAsync().catch((error: unknown) => {
  if (error instanceof BusyMachineError) {
    program.error(error.message);
  }
  throw error;
});

function addSuite(suite: string, benchmarks: readonly Benchmark[]): void {
  const command = program
    .command(suite)
    .addArgument(
      new Argument('[name...]', 'only these').choices(benchmarks.map(({ name }) => name)),
    );
  addOptions(command, 5).action((names: readonly string[], options: Options) =>
    runSuite(
      suite,
      benchmarks.filter(({ name }) => names.length === 0 || names.includes(name)),
      options,
    ),
  );
}

async function runSuite(
  suite: string,
  benchmarks: readonly Benchmark[],
  options: Options,
): Promise<void> {
  const { json = false, quick = false, rounds = quick ? 1 : 5 } = options;
  const machine = await quietMachine(options);
  const versions = await findVersions();
  const folder = new URL(`${suite}/`, import.meta.url);
  const plan: Plan = { folder, rounds, isQuick: quick, versions };
  const report: Report = {
    suite,
    rounds,
    isQuick: quick,
    machine,
    versions: Object.assign({}, ...versions.values()) as Report['versions'],
    benchmarks: await runAll(benchmarks, plan),
  };
  console.log(json ? reportJson(report) : formatReport(report));
  process.exitCode = report.benchmarks.some(hasFailed) ? 1 : 0;
}

async function findVersions(): Promise<ReadonlyMap<ContenderName, Versions | undefined>> {
  const found = new Map<ContenderName, Versions | undefined>();
  for (const [name, contender] of Object.entries(contenders)) {
    found.set(name as ContenderName, await contender.versions());
  }
  return found;
}

/** Prints its progress on stderr: all of them take minutes. */
async function runAll(benchmarks: readonly Benchmark[], plan: Plan): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const benchmark of benchmarks) {
    console.error(`${benchmark.name} (${results.length + 1} of ${benchmarks.length})`);
    const outcomes = await playRounds(benchmark, plan);
    results.push(resultOf(benchmark, outcomes));
  }
  return results;
}

function hasFailed({ contenders: outcomes }: Result): boolean {
  return Object.values(outcomes).some(({ type }) => type === 'failed');
}
