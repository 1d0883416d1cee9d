import { renameSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

import { buildSync } from 'esbuild';

import { root } from './root.ts';

const bundles = new Map<string, string>();

/**
 * Puts a program of this repository into one file, from the sources as they are now, and returns
 * the path of that. A node of a cluster starts five times as fast then: tests start hundreds.
 */
export function bundleProgram(path: string): string {
  const known = bundles.get(path);
  if (known !== undefined) {
    return known;
  }
  // Below node_modules of the root: there it finds the packages that are not in it.
  const name = path.slice(root.length + 1).replaceAll(/\W+/g, '-');
  const bundle = join(root, 'node_modules/.cache/reprise', `${name}.mjs`);
  // Another process may start the program meanwhile.
  const made = `${bundle}.${process.pid}`;
  buildSync({
    entryPoints: [path],
    outfile: made,
    bundle: true,
    external: ['pg'],
    conditions: ['@reprise/source'],
    format: 'esm',
    platform: 'node',
    keepNames: true,
    logLevel: 'error',
  });
  renameSync(made, bundle);
  bundles.set(path, bundle);
  return bundle;
}
