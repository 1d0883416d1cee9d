import { basename, extname } from 'node:path';
import { pathToFileURL } from 'node:url';

import { describe } from '@reprise/actor/text';

import { defineModel, type Model } from '../run/model.ts';
import type { Program } from '../simulation.ts';

/**
 * The models that a file exports: one as default, or a program alone, which is named after the
 * file; or a list under the name `models`.
 * @throws TypeError if it exports something else
 */
export async function modelsIn(file: string): Promise<readonly Model[]> {
  const exported = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  const { default: one, models } = exported;
  if (one === undefined && !Array.isArray(models)) {
    throw new TypeError(
      `Expected ${file} to export a model as default, or a list of them as \`models\`, got ${describe(Object.keys(exported))}`,
    );
  }
  const all = [...(one === undefined ? [] : [one]), ...(Array.isArray(models) ? models : [])];
  return all.map((each: unknown) => modelOf(each, file));
}

function modelOf(exported: unknown, file: string): Model {
  return defineModel(
    typeof exported === 'function'
      ? { name: nameOf(file), program: exported as Program }
      : (exported as Model),
  );
}

function nameOf(file: string): string {
  return basename(file, extname(file)).replaceAll(/[^\w -]+/g, '-');
}
