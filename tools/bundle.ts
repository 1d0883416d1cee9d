// Builds the JavaScript that is published of every package: one file for each of its entries, and
// the files that entries share. A program that imports a hundred small files waits for them. The
// types stay as tsc writes them, one file for each source file, next to it.
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { build, type OutputFile, transform } from 'esbuild';

import { removeNeedlessNames } from './function-names.ts';
import { markPure } from './pure.ts';
import { root } from './root.ts';

interface Manifest {
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>;
  readonly sideEffects?: false;
  readonly engines: { readonly node: string };
}

for (const path of globSync('packages/*/package.json', { cwd: root })) {
  const folder = join(root, dirname(path));
  const manifest = JSON.parse(readFileSync(join(root, path), 'utf8')) as Manifest;
  // The page of the observer is in a folder of its own: `tools/page.ts` writes that.
  for (const old of globSync('dist/**/*.js{,.map}', {
    cwd: folder,
    exclude: (path) => path === 'page',
  })) {
    rmSync(join(folder, old));
  }
  const target = `node${manifest.engines.node.replace('>=', '')}`;
  const { outputFiles } = await build({
    absWorkingDir: folder,
    entryPoints: [...entriesOf(manifest)],
    outdir: 'dist',
    bundle: true,
    // Dependencies are installed next to the package.
    packages: 'external',
    splitting: true,
    chunkNames: 'shared-[hash]',
    format: 'esm',
    platform: 'neutral',
    target,
    // Two files can have a function of the same name; esbuild renames one of them.
    keepNames: true,
    sourcemap: 'inline',
    sourcesContent: false,
    logLevel: 'warning',
    write: false,
  });
  for (const file of outputFiles) {
    await write(file, target, manifest.sideEffects === false);
  }
}

/** The sources of the entries that others can import or run. */
function entriesOf({ bin = {}, exports }: Manifest): readonly string[] {
  const built = Object.values(exports).flatMap((entry) =>
    typeof entry === 'string' ? [] : [entry.default],
  );
  return [...built, ...Object.values(bin)].map((file) =>
    file.replace('dist/', 'src/').replace(/\.js$/, '.ts'),
  );
}

/** The second pass prints the gaps away that the needless names leave, in the source map too. */
async function write({ path, text }: OutputFile, target: string, isPure: boolean): Promise<void> {
  const { code, map } = await transform(removeNeedlessNames(text), {
    target,
    sourcemap: true,
    sourcesContent: false,
    sourcefile: path,
  });
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.map`, map);
  writeFileSync(
    path,
    `${isPure ? markPure(code) : code}//# sourceMappingURL=${basename(path)}.map\n`,
  );
}
