import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './root.ts';

/** A package's sources in the order of reading: a file may import only what stands before it. */
export interface Layer {
  /** From the root of the repository, as `packages/actor/src`. */
  readonly folder: string;
  readonly files: readonly string[];
}

const page = 'docs/architecture.md';

/** The packages, lowest first, as the lists of docs/architecture.md have them: blocks that open with "```text FOLDER". */
export function readLayers(): readonly Layer[] {
  const text = readFileSync(join(root, page), 'utf8');
  const layers = [...text.matchAll(/^```text (packages\/\S+)\n(.*?)^```$/gms)].map(
    ([, folder = '', body = '']) => ({ folder, files: namesIn(body) }),
  );
  const problems = [...unlisted(layers), ...layers.flatMap(mismatches)];
  if (problems.length > 0) {
    throw new Error(`${page} and the sources differ:\n${problems.join('\n')}`);
  }
  return layers;
}

/** The first word of each line that is not indented; the rest is for people. */
function namesIn(body: string): readonly string[] {
  return [...body.matchAll(/^\S+/gm)].map(([name]) => name);
}

function unlisted(layers: readonly Layer[]): readonly string[] {
  return globSync('packages/*/src', { cwd: root })
    .map(portable)
    .filter((folder) => !layers.some((layer) => layer.folder === folder))
    .map((folder) => `Expected a list for ${folder}, got none`);
}

function mismatches({ folder, files }: Layer): readonly string[] {
  const there = globSync('**/*.ts', { cwd: join(root, folder) }).map(portable);
  return [
    ...there
      .filter((file) => !files.includes(file))
      .map(
        (file) =>
          `Expected ${folder}/${file} in the list, above every file that imports it, got no such line`,
      ),
    ...files
      .filter((file) => !there.includes(file))
      .map((file) => `Expected a file ${folder}/${file}, got none`),
  ];
}

function portable(path: string): string {
  return path.replaceAll('\\', '/');
}
