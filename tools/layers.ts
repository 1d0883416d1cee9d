import { readdirSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './root.ts';

/**
 * The sources of a package in the order of reading: a file may import its own folder, and every
 * entry above it.
 */
export interface Layer {
  /** From the root of the repository, as `packages/actor/src`. */
  readonly folder: string;
  /** Folders, as `process/`, and the files beside them. */
  readonly entries: readonly string[];
}

const page = 'docs/architecture.md';

/**
 * The packages, lowest first, from the lists in docs/architecture.md: blocks that open with
 * "```text FOLDER".
 */
export function readLayers(): readonly Layer[] {
  const text = readFileSync(join(root, page), 'utf8');
  const layers = [...text.matchAll(/^```text (packages\/\S+)\n(.*?)^```$/gms)].map(
    ([, folder = '', body = '']) => ({ folder, entries: namesIn(body) }),
  );
  const problems = [...unlisted(layers), ...layers.flatMap(mismatches)];
  if (problems.length > 0) {
    throw new Error(`${page} and the sources differ:\n${problems.join('\n')}`);
  }
  return layers;
}

/** The first word of each line that is not indented; the rest of the line is a description. */
function namesIn(body: string): readonly string[] {
  return [...body.matchAll(/^\S+/gm)].map(([name]) => name);
}

function unlisted(layers: readonly Layer[]): readonly string[] {
  return globSync('packages/*/src', { cwd: root })
    .map((folder) => folder.replaceAll('\\', '/'))
    .filter((folder) => !layers.some((layer) => layer.folder === folder))
    .map((folder) => `Expected a list for ${folder}, got none`);
}

function mismatches({ folder, entries }: Layer): readonly string[] {
  const present = readdirSync(join(root, folder), { withFileTypes: true }).map((entry) =>
    entry.isDirectory() ? `${entry.name}/` : entry.name,
  );
  return [
    ...present
      .filter((entry) => !entries.includes(entry))
      .map(
        (entry) =>
          `Expected ${folder}/${entry} in the list, above every entry that imports it, got no such line`,
      ),
    ...entries
      .filter((entry) => !present.includes(entry))
      .map((entry) => `Expected ${folder}/${entry} among the sources, got no such entry`),
  ];
}
