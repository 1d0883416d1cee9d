// Makes what is published of every package: one file for each of its entries, and what they share.
// A program that imports a hundred small files waits for that. Types stay as tsc writes them, one
// file for each of ours, next to it.
import { globSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { build } from 'esbuild';

import { root } from './root.ts';

interface Manifest {
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>;
  readonly engines: { readonly node: string };
}

for (const path of globSync('packages/*/package.json', { cwd: root })) {
  const folder = join(root, dirname(path));
  const manifest = JSON.parse(readFileSync(join(root, path), 'utf8')) as Manifest;
  for (const old of globSync('dist/**/*.js{,.map}', { cwd: folder })) {
    rmSync(join(folder, old));
  }
  await build({
    absWorkingDir: folder,
    entryPoints: [...entriesOf(manifest)],
    outdir: 'dist',
    bundle: true,
    // What packages depend on is installed next to them.
    packages: 'external',
    splitting: true,
    chunkNames: 'shared-[hash]',
    format: 'esm',
    platform: 'neutral',
    target: `node${manifest.engines.node.replace('>=', '')}`,
    sourcemap: true,
    sourcesContent: false,
    logLevel: 'warning',
  });
}

/** The sources of what others can import or run. */
function entriesOf({ bin = {}, exports }: Manifest): readonly string[] {
  const built = Object.values(exports).flatMap((entry) =>
    typeof entry === 'string' ? [] : [entry.default],
  );
  return [...built, ...Object.values(bin)].map((file) =>
    file.replace('dist/', 'src/').replace(/\.js$/, '.ts'),
  );
}
