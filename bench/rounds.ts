import { fileURLToPath } from 'node:url';

import type { Benchmark } from './benchmark.ts';
import { type ContenderName, contenders, type Versions } from './contender.ts';
import { run } from './run.ts';

/** The outcome of one benchmark for one contender. */
export type Outcome =
  | { readonly type: 'measured'; readonly samples: readonly Readings[] }
  | { readonly type: 'missing'; readonly install: string }
  | { readonly type: 'failed'; readonly error: string };

export type Readings = Readonly<Record<string, number>>;
export type Outcomes = ReadonlyMap<ContenderName, Outcome>;

export interface Plan {
  /** The folder of the programs. */
  readonly folder: URL;
  readonly rounds: number;
  readonly isQuick: boolean;
  /** `undefined` for a contender that is not installed. */
  readonly versions: ReadonlyMap<ContenderName, Versions | undefined>;
}

/**
 * Runs the programs of a benchmark in turns, A B A B …: a minute in which the machine is busier or
 * hotter then affects all of them alike. A program that fails is not run again.
 */
export async function playRounds(benchmark: Benchmark, plan: Plan): Promise<Outcomes> {
  const outcomes = new Map<ContenderName, Outcome>();
  for (let round = 0; round < plan.rounds; round++) {
    for (const [name, program] of programsOf(benchmark)) {
      const path = fileURLToPath(new URL(program, plan.folder));
      const amount = plan.isQuick ? benchmark.quickAmount : benchmark.amount;
      outcomes.set(name, await next(name, outcomes.get(name), path, amount, plan));
    }
  }
  return outcomes;
}

function programsOf({ programs }: Benchmark): readonly (readonly [ContenderName, string])[] {
  return Object.entries(programs) as [ContenderName, string][];
}

async function next(
  name: ContenderName,
  before: Outcome | undefined,
  path: string,
  amount: number,
  { versions }: Plan,
): Promise<Outcome> {
  if (versions.get(name) === undefined) {
    return { type: 'missing', install: contenders[name].install };
  }
  if (before !== undefined && before.type !== 'measured') {
    return before;
  }
  try {
    const { readings } = await run(contenders[name], path, amount);
    return { type: 'measured', samples: [...(before?.samples ?? []), readings] };
  } catch (error) {
    return { type: 'failed', error: String(error) };
  }
}
