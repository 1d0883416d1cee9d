import { existsSync, globSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
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
 * Puts a program of this repository into few files, from the sources as they are now, and returns
 * the path of the first. A node of a cluster starts five times as fast then: tests start hundreds.
 * Modules that the program imports later are in files of their own: in one file, all modules of
 * Node that any part needs would be loaded at each start, which takes as long as all the rest.
 */
export function bundleProgram(path: string): string {
  const known = bundles.get(path);
  if (known !== undefined) {
    return known;
  }
  const { folder, name } = placeOf(path);
  const { outputFiles } = buildSync({
    entryPoints: [path],
    outdir: folder,
    entryNames: name,
    chunkNames: `${name}-[name]-[hash]`,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    write: false,
    external: ['pg'],
    conditions: ['@reprise/source'],
    format: 'esm',
    platform: 'node',
    keepNames: true,
    banner: { js: requireOfNode },
    logLevel: 'error',
  });
  const bundle = join(folder, `${name}.mjs`);
  // It comes last: another process may start the program meanwhile.
  for (const file of outputFiles.toSorted(
    (a, b) => Number(a.path === bundle) - Number(b.path === bundle),
  )) {
    writeAtOnce(file.path, file.contents);
  }
  removeOld(folder, name);
  bundles.set(path, bundle);
  return bundle;
}

function writeAtOnce(path: string, contents: Uint8Array): void {
  const made = `${path}.${process.pid}`;
  writeFileSync(made, contents);
  renameSync(made, path);
}

const hour = 3_600_000;

/** A program that has started before the sources were changed may still import a file of then. */
function removeOld(folder: string, name: string): void {
  for (const file of globSync(`${name}-*`, { cwd: folder })) {
    const path = join(folder, file);
    if (Date.now() - statSync(path).mtimeMs > hour) {
      rmSync(path, { force: true });
    }
  }
}

/**
 * In the folder node_modules of the program's package: there it finds the packages that are not in
 * it, and in the folder above its package.json.
 */
function placeOf(path: string): { readonly folder: string; readonly name: string } {
  let folder = dirname(path);
  while (!existsSync(join(folder, 'package.json'))) {
    folder = dirname(folder);
  }
  const name = relative(folder, path).replaceAll(/\W+/g, '-');
  return { folder: join(folder, 'node_modules'), name: `.${name}` };
}
