import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';

import { root } from './root.ts';

/** The files of the models that run under simulation. */
const modelFiles: readonly string[] = globSync('packages/simulation/models/*.ts', {
  cwd: root,
}).toSorted();

/** The rows of the catalogue that say which mutants a model has to catch. */
const rows: Readonly<Record<string, string>> = {
  client: 'SIM-W04 SIM-W05 SIM-W06 SIM-W07 SIM-W09 SIM-W10',
  'client-storms': 'SIM-W02',
  events: 'SIM-W11',
  minds: 'SIM-W08',
  registries: 'SIM-A11',
  servers: 'SIM-A08 SIM-A09',
  signals: 'SIM-A10',
  supervisors: 'SIM-A02 SIM-A03 SIM-A04 SIM-A05 SIM-A06 SIM-A07',
  tasks: 'SIM-A12',
  timers: 'SIM-A13',
  ownership: 'SIM-O03 SIM-O04 SIM-02',
  'wedged-lease': 'SIM-03',
};

/** Each file, after its rows: for the titles of tests. */
export const titledFiles: readonly (readonly [title: string, file: string])[] = modelFiles.map(
  (file) => [`${rows[basename(file, '.ts')] ?? ''} ${file}`.trim(), file],
);

/** A text of a source, and the text of a mutant in its place. */
export interface Replacement {
  /** The end of the path of the source. */
  readonly file: string;
  readonly from: string;
}

interface Mutant extends Replacement {
  readonly and?: readonly Replacement[];
  readonly within: number;
}

interface Model {
  readonly mutants?: Readonly<Record<string, Mutant>>;
}

const sources: readonly string[] = globSync('packages/*/{src,models}/**/*.ts', { cwd: root });

/** The mutants of the models of a file, with the smallest number of seeds first. */
export async function mutantsOf(file: string): Promise<readonly (readonly [string, Mutant])[]> {
  const module: { default?: Model; models?: readonly Model[] } = await import(join(root, file));
  const { models = module.default === undefined ? [] : [module.default] } = module;
  return models
    .flatMap(({ mutants = {} }) => Object.entries(mutants))
    .toSorted(([, a], [, b]) => a.within - b.within);
}

/** How often the text of a replacement stands in its source, which has to be one. */
export async function timesFound({ file, from }: Replacement): Promise<number> {
  const found = sources.filter((source) => `/${source}`.endsWith(`/${file}`));
  const texts = await Promise.all(found.map((source) => readFile(join(root, source), 'utf8')));
  return texts.length === 1 ? texts.join('').split(from).length - 1 : 0;
}

/** A mutant of a model, as `reprise simulate --json` prints it. */
export interface TriedMutant {
  readonly mutant: string;
  readonly within: number;
  /** The seed that caught it, if one did. */
  readonly seed?: number;
  readonly message: string;
}

/** Tries the mutants of a file that need at most so many seeds. */
export async function tryMutants(file: string, most: number): Promise<readonly TriedMutant[]> {
  const program = join(root, 'packages/cli/src/main.ts');
  const options = ['--mutants', `${most}`, '--json', '--jobs', '1'];
  const child = spawn(
    process.execPath,
    ['--conditions=@reprise/source', program, 'simulate', join(root, file), ...options],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [output] = await Promise.all([text(child.stdout), once(child, 'close')]);
  const lines = output.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as TriedMutant);
}
