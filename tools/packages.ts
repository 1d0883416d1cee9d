// Packs every package as it would be published and looks at the shape of what comes out, then
// imports what was built as a stranger's Node would: without this repository's condition, from
// dist.
import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { root } from './root.ts';

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>;
}

const packed = mkdtempSync(join(tmpdir(), 'packed-'));
for (const manifest of globSync('packages/*/package.json', { cwd: root })) {
  const folder = join(root, dirname(manifest));
  const tarball = join(packed, `${basename(folder)}.tgz`);
  run(`pnpm pack --out "${tarball}"`, folder);
  run(`publint run "${tarball}" --strict`);
  run(`attw "${tarball}" --profile esm-only`);
  await importEach(folder);
}
rmSync(packed, { recursive: true, force: true });

function run(command: string, cwd: string = root): void {
  const ran = spawnSync(command, { cwd, shell: true, encoding: 'utf8' });
  if (ran.status !== 0) {
    console.error(`$ ${command}\n${ran.stdout}${ran.stderr}`);
    process.exitCode = 1;
  }
}

async function importEach(folder: string): Promise<void> {
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  for (const target of Object.values(exports)) {
    if (typeof target !== 'string') {
      await import(pathToFileURL(join(folder, target.default)).href);
    }
  }
}
