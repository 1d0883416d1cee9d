import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { Argument, Command } from 'commander';

import { formatMachine, type Machine, quietMachine } from '../machine.ts';
import { addOptions, type Options } from '../options.ts';
import { medianOf, ratiosOf, runInTurns } from '../streams/turns.ts';
import { formatNumber, table } from '../table.ts';
import { type Actor, type Work, type WorkKind, works } from './works.ts';

/** Laps of each side. */
const laps = 60;

/**
 * Compares this checkout with another one, both loaded into this process and measured in turns, lap
 * by lap: separate processes scatter by more than a small change costs.
 */
export const pair: Command = addOptions(
  new Command('pair')
    .description('this checkout of @reprise/actor and another one, lap by lap in one process')
    .argument('<folder>', 'the other checkout, such as a git worktree of the commit before')
    .addArgument(new Argument('[work...]', 'only these').choices(Object.keys(works))),
  laps,
).action(measure);

async function measure(folder: string, names: readonly string[], options: Options): Promise<void> {
  const { json = false, quick = false, rounds = quick ? 2 : laps } = options;
  const machine = await quietMachine(options);
  const sides = {
    before: await load(resolve(folder)),
    after: await load(fileURLToPath(new URL('../..', import.meta.url))),
  };
  const results: Result[] = [];
  for (const name of names.length === 0 ? Object.keys(works) : names) {
    results.push(await compare(name, sides, rounds));
  }
  console.log(
    json ? JSON.stringify({ machine, results }, undefined, 2) : format(machine, results, rounds),
  );
}

interface Result {
  readonly work: string;
  /** The 10th percentiles, in ns for each operation. */
  readonly before: number;
  readonly after: number;
  readonly ratio: number;
  /** The median of the ratios of two laps that followed each other. */
  readonly medianRatio: number;
}

async function load(folder: string): Promise<Actor> {
  return (await import(pathToFileURL(`${folder}/packages/actor/src/index.ts`).href)) as Actor;
}

async function compare(
  work: string,
  sides: Readonly<Record<string, Actor>>,
  rounds: number,
): Promise<Result> {
  console.error(work);
  const { lap, prepare } = works[work] as WorkKind;
  const prepared = new Map<string, Work>();
  for (const [side, actor] of Object.entries(sides)) {
    const run = await prepare(actor);
    await run(5 * lap);
    prepared.set(side, run);
  }
  const samples = await runInTurns(Object.keys(sides), rounds, async (side) => {
    const from = performance.now();
    await prepared.get(side)?.(lap);
    return ((performance.now() - from) * 1e6) / lap;
  });
  const [before = [], after = []] = samples.values();
  const [least, most] = [tenthOf(before), tenthOf(after)];
  const medianRatio = medianOf(ratiosOf(after, before)) ?? NaN;
  return { work, before: least, after: most, ratio: most / least, medianRatio };
}

/** Other programs of the machine slow down some laps, and never speed one up. */
function tenthOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 10)] ?? NaN;
}

function format(machine: Machine, results: readonly Result[], rounds: number): string {
  return [
    `node ${process.versions.node}; ${formatMachine(machine)}; 10th percentiles of ${rounds} laps`,
    '',
    ...table([
      ['', 'other, ns', 'this, ns', 'ratio', 'median of ratios'],
      ...results.map(({ work, before, after, ratio, medianRatio }) => [
        work,
        formatNumber(before),
        formatNumber(after),
        ratio.toFixed(3),
        medianRatio.toFixed(3),
      ]),
    ]),
  ].join('\n');
}
