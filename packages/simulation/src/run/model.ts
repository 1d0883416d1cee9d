import { assertKnownKeys, type KeysOf } from '@reprise/actor/options';
import { describe } from '@reprise/actor/text';

import type { Program } from '../simulation.ts';
import { assertProgramOptions, type ProgramOptions, programKeys } from './program-options.ts';

/** Code in the place of other code. */
export interface Replacement {
  /** The end of the path of one source, such as `src/shop.ts`. */
  readonly file: string;
  /** The code that is replaced: it has to be in the source exactly once. */
  readonly from: string;
  /** The code that takes its place. */
  readonly to: string;
}

/**
 * A fault put into a source on purpose, which the model has to find: it shows that the model checks
 * the code around it.
 */
export interface Mutant extends Replacement {
  /** Put in as well: of two rules that guard one thing, each alone may be missing unseen. */
  readonly and?: readonly Replacement[];
  /** So many seeds, counted from 0, are enough for the model to fail. */
  readonly within: number;
}

/** A program under simulation, with its name: a file for `reprise simulate` exports it. */
export interface Model {
  /** In reports, in names of files, and for `--model`. */
  readonly name: string;
  /** Run anew for each seed. */
  readonly program: Program;
  /** The faults that it has, for example. Default: no faults. */
  readonly options?: ProgramOptions;
  /** Each by the fault that it is, in words. Default: none. */
  readonly mutants?: Readonly<Record<string, Mutant>>;
}

const modelKeys: KeysOf<Model> = { name: true, program: true, options: true, mutants: true };
const replacementKeys: KeysOf<Replacement> = { file: true, from: true, to: true };
const mutantKeys: KeysOf<Mutant> = { ...replacementKeys, and: true, within: true };

/**
 * Gives a program a name, the faults that it has, and mutants that it has to find. A file exports
 * it as default, or several as `models`, for `reprise simulate`; `simulate` takes it in place of a
 * program.
 * @throws TypeError for a field that is missing, misspelt or of the wrong type
 * @example
 * ```ts
 * import { defineModel } from '@reprise/simulation';
 *
 * export default defineModel({
 *   name: 'counter',
 *   program: async (sim) => {
 *     const [a, b] = [sim.below(10), sim.below(10)];
 *     sim.sometimes('equal', a === b);
 *   },
 * });
 * ```
 */
export function defineModel(model: Model): Model {
  assertKnownKeys('defineModel', model, modelKeys);
  if (typeof model.name !== 'string' || !/^[\w][\w -]*$/.test(model.name)) {
    throw new TypeError(
      `Expected the name of a model, in letters, digits, spaces and dashes, got ${describe(model.name)}`,
    );
  }
  if (typeof model.program !== 'function') {
    throw new TypeError(`Expected the program of a model, got ${describe(model.program)}`);
  }
  const owner = `the model ${model.name}`;
  assertKnownKeys(owner, model.options ?? {}, programKeys);
  assertProgramOptions(owner, model.options ?? {});
  Object.entries(model.mutants ?? {}).forEach(([what, mutant]) => assertMutant(what, mutant));
  return model;
}

function assertMutant(what: string, mutant: Mutant): void {
  assertKnownKeys(`the mutant ${describe(what)}`, mutant, mutantKeys);
  const { within, and = [], file, from, to } = mutant;
  assertReplacement(what, { file, from, to });
  for (const other of and) {
    assertKnownKeys(`\`and\` of the mutant ${describe(what)}`, other, replacementKeys);
    assertReplacement(what, other);
  }
  if (!Number.isSafeInteger(within) || within < 1) {
    throw new TypeError(
      `Expected \`within\` of the mutant ${describe(what)} to be a number of seeds, got ${describe(within)}`,
    );
  }
}

function assertReplacement(what: string, { file, from, to }: Replacement): void {
  for (const [name, value] of Object.entries({ file, from, to })) {
    if (typeof value !== 'string') {
      throw new TypeError(
        `Expected \`${name}\` of the mutant ${describe(what)} to be a text, got ${describe(value)}`,
      );
    }
  }
}
