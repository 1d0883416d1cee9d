import fc from 'fast-check';

import type { Erlang } from './erlang.ts';
import type { Kind } from './kind.ts';
import type { Mutant } from './mutants.ts';
import { processes } from './processes.ts';
import { serverPrograms } from './servers.ts';
import { supervisorPrograms } from './supervisors.ts';
import type { Term } from './term.ts';
import { normalized, type Trace } from './trace.ts';

/** A program that Erlang and this library run differently, shrunk. */
export interface Difference {
  readonly kind: Kind['name'];
  readonly program: Term;
  readonly ours: Trace;
  readonly erlangs: Trace;
}

export interface Run {
  /** The same programs for the same seed. */
  readonly seed: number;
  readonly programs: number;
  /** In ms: after that no more programs are begun. Default: `Infinity`. */
  readonly timeLimit?: number;
  readonly mutant?: Mutant;
}

export interface Result {
  /** How many programs were run. */
  readonly programs: number;
  readonly difference: Difference | undefined;
}

interface Named {
  readonly kind: Kind;
  readonly program: Term;
}

const kinds: readonly Kind[] = [processes, supervisorPrograms, serverPrograms] as never;
const programsOf = ({ programs }: Kind) => programs;
const all: fc.Arbitrary<Named> = fc.oneof(
  ...kinds.map((kind) => programsOf(kind).map((program) => ({ kind, program }))),
);

/** Runs programs of all kinds in both, up to the first difference. */
export async function compare(
  erlang: Erlang,
  { seed, programs, timeLimit = Infinity, mutant }: Run,
): Promise<Result> {
  /** That of the last program that differed: the smallest one. */
  let difference: Difference | undefined;
  let failure: unknown;
  const property = fc.asyncProperty(all, async (named) => {
    try {
      const found = await differenceOf(erlang, named, mutant);
      difference = found ?? difference;
      return found === undefined;
    } catch (error) {
      // A node that has ended fails every smaller program too.
      if (failure === undefined || !erlang.isOver) {
        failure = new Error(`The program ${JSON.stringify(named.program)} failed`, {
          cause: error,
        });
      }
      return false;
    }
  });
  const details = await fc.check(property, {
    seed,
    numRuns: programs,
    ...(timeLimit === Infinity ? {} : { interruptAfterTimeLimit: timeLimit }),
  });
  if (failure !== undefined) {
    throw failure;
  }
  return { programs: details.numRuns, difference };
}

/**
 * How often Erlang may run a program until its trace is ours: it guarantees no order of all events.
 */
const attempts = 3;
/** How often a program may be run again that took Erlang longer than its timeouts allow. */
const lateRuns = 10;

async function differenceOf(
  erlang: Erlang,
  { kind, program }: Named,
  mutant: Mutant | undefined,
): Promise<Difference | undefined> {
  const trace = await kind.run(program);
  const ours = normalized(mutant === undefined ? trace : mutant(trace));
  let erlangs: Trace = [];
  for (let attempt = 0; attempt < attempts; attempt++) {
    erlangs = await inTime(erlang, kind.name, program);
    if (isLate(erlangs) || erlangs.join('\n') === ours.join('\n')) {
      return undefined;
    }
  }
  return { kind: kind.name, program, ours, erlangs };
}

async function inTime(erlang: Erlang, kind: string, program: Term): Promise<Trace> {
  for (let run = 1; ; run++) {
    const trace = normalized(await erlang.run(kind, program));
    if (!isLate(trace) || run === lateRuns) {
      return trace;
    }
  }
}

const isLate = (trace: Trace): boolean => trace.some((line) => line.endsWith('  late'));
