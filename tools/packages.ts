// Packs every package as it would be published. Publint and are-the-types-wrong judge the packages,
// Node imports the build output without this repository's condition, and a project outside the
// repository compiles and runs against the packages.
import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';

import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';

import { type Packed, problemsOfConsumer } from './consumer.ts';
import { root } from './root.ts';

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>;
}

/** Packages of ES modules are not found by `require`, nor as TypeScript resolved before 4.7. */
const unsupported = ['node10', 'node16-cjs'];

const temporary = mkdtempSync(join(tmpdir(), 'packed-'));
const packages = globSync('packages/*/package.json', { cwd: root }).map((manifest): Packed => {
  const folder = join(root, dirname(manifest));
  return { folder, tarball: join(temporary, `${basename(folder)}.tgz`) };
});
for (const { folder, tarball } of packages) {
  run(`pnpm pack --out "${tarball}"`, folder);
  run(`publint run "${tarball}" --strict`);
  await checkTypes(tarball);
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

/** In this process: its command loads TypeScript anew for each package. */
async function checkTypes(tarball: string): Promise<void> {
  const result = await checkPackage(createPackageFromTarballData(readFileSync(tarball)));
  const problems = result.types === false ? [{ kind: 'no types' }] : result.problems;
  for (const problem of problems) {
    if (!('resolutionKind' in problem) || !unsupported.includes(problem.resolutionKind)) {
      console.error(`${basename(tarball)}: ${JSON.stringify(problem)}`);
      process.exitCode = 1;
    }
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
