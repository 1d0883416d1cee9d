import { existsSync, renameSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import process from 'node:process';

import { buildSync } from 'esbuild';

const bundles = new Map<string, string>();

/** Libraries that are CommonJS ask for modules of Node by `require`, which a module lacks. */
const requireOfNode = [
  `import { createRequire as requireOf } from 'node:module';`,
  'const require = requireOf(import.meta.url);',
].join('\n');

/**
 * Puts a program of this repository into one file, from the sources as they are now, and returns
 * the path of that. A node of a cluster starts five times as fast then: tests start hundreds.
 */
export function bundleProgram(path: string): string {
  const known = bundles.get(path);
  if (known !== undefined) {
    return known;
  }
  const bundle = bundleOf(path);
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
    banner: { js: requireOfNode },
    logLevel: 'error',
  });
  renameSync(made, bundle);
  bundles.set(path, bundle);
  return bundle;
}

/**
 * In the folder node_modules of the program's package: there it finds the packages that are not in
 * it, and in the folder above its package.json.
 */
function bundleOf(path: string): string {
  let folder = dirname(path);
  while (!existsSync(join(folder, 'package.json'))) {
    folder = dirname(folder);
  }
  const name = relative(folder, path).replaceAll(/\W+/g, '-');
  return join(folder, 'node_modules', `.${name}.mjs`);
}
