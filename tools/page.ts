// Builds the page of the observer, unless it is newer than its sources: `node tools/page.ts`.
import { spawnSync } from 'node:child_process';
import { globSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

import { root } from './root.ts';

const folder = join(root, 'packages/observer');
const sources = ['page/**/*', 'vite.config.ts', 'package.json'];

/**
 * Builds the page into `dist/page`, if it is missing or older than its sources.
 * @throws Error with the output of the build if that fails
 */
export function buildPage(): void {
  const built = timeOf(join(folder, 'dist/page/index.html'));
  const changed = globSync(sources, { cwd: folder }).map((path) => timeOf(join(folder, path)));
  if (built < Math.max(...changed)) {
    build();
  }
}

/** Into a folder of its own: a program in another process may read the page meanwhile. */
function build(): void {
  const made = join(folder, `dist/page-${process.pid}`);
  const vite = join(folder, 'node_modules/vite/bin/vite.js');
  const { status, stderr } = spawnSync(
    process.execPath,
    [vite, 'build', '--outDir', made, '--logLevel', 'error'],
    { cwd: folder, encoding: 'utf8' },
  );
  if (status !== 0) {
    throw new Error(`Expected the page to build, got ${stderr}`);
  }
  const target = join(folder, 'dist/page');
  const old = `${made}-old`;
  if (timeOf(target) > 0) {
    renameSync(target, old);
  }
  renameSync(made, target);
  rmSync(old, { recursive: true, force: true });
}

function timeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  buildPage();
}
