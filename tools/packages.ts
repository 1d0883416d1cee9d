// Packs every package as it would be published. Publint and are-the-types-wrong judge the packages,
// Node imports the build output without this repository's condition, and a project outside the
// repository compiles and runs against the packages.
import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';

import { type Packed, problemsOfConsumer } from './consumer.ts';
import { root } from './root.ts';

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>;
}

const temporary = mkdtempSync(join(tmpdir(), 'packed-'));
const packages = globSync('packages/*/package.json', { cwd: root }).map((manifest): Packed => {
  const folder = join(root, dirname(manifest));
  return { folder, tarball: join(temporary, `${basename(folder)}.tgz`) };
});
for (const { folder, tarball } of packages) {
  run(`pnpm pack --out "${tarball}"`, folder);
  run(`publint run "${tarball}" --strict`);
  run(`attw "${tarball}" --profile esm-only`);
  await importEach(folder);
}
const project = join(temporary, 'project');
mkdirSync(project);
for (const problem of problemsOfConsumer(project, packages)) {
  console.error(problem);
  process.exitCode = 1;
}
rmSync(temporary, { recursive: true, force: true });

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
