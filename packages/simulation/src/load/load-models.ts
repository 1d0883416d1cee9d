import { readdirSync, statSync } from 'node:fs';
import { dirname, extname, join, resolve } from 'node:path';

import type { Model } from '../run/model.ts';
import { modelsIn } from './models-in.ts';

/** A model, and where it is from. */
export interface LoadedModel {
  readonly model: Model;
  readonly file: string;
  /** The folder of its failures. */
  readonly corpus: string;
}

const extensions: readonly string[] = ['.js', '.mjs', '.ts', '.mts'];

/**
 * Loads the models of files, and of all files of folders. `corpus`: the folder of the failures of
 * all; by default `corpus` beside each file.
 * @throws TypeError for a file without a model, and for two models of one name
 */
export async function loadModels(
  paths: readonly string[],
  corpus?: string,
): Promise<readonly LoadedModel[]> {
  const loaded: LoadedModel[] = [];
  for (const file of paths.flatMap(filesOf)) {
    for (const model of await modelsIn(file)) {
      const other = loaded.find(({ model: { name } }) => name === model.name);
      if (other !== undefined) {
        throw new TypeError(
          `Expected models with different names, got ${model.name} in ${other.file} and in ${file}`,
        );
      }
      loaded.push({ model, file, corpus: resolve(corpus ?? join(dirname(file), 'corpus')) });
    }
  }
  return loaded;
}

/** A folder stands for the files that lie in it, not for those of folders in it. */
function filesOf(path: string): readonly string[] {
  const full = resolve(path);
  if (!statSync(full).isDirectory()) {
    return [full];
  }
  return readdirSync(full)
    .filter((name) => extensions.includes(extname(name)) && !name.endsWith('.d.ts'))
    .toSorted()
    .map((name) => join(full, name));
}
