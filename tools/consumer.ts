import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import { root } from './root.ts';

/** A package as it would be published. */
export interface Packed {
  /** Its folder in this repository. */
  readonly folder: string;
  readonly tarball: string;
}

/**
 * By their names in package.json: the oldest TypeScript that the READMEs promise, and the one of
 * this repository, check the declarations of the packages too. The last 5 checks only their use,
 * which takes a quarter of the time.
 */
const compilers = [
  ['typescript-5.7'],
  ['typescript-5.9', '--skipLibCheck'],
  ['typescript'],
] as const;

/**
 * Uses the packed packages as a project of a user does, in an empty folder: it installs them,
 * compiles the programs of tools/consumer with all compilers, and runs them. Returns the failures.
 */
export function problemsOfConsumer(folder: string, packages: readonly Packed[]): readonly string[] {
  const programs = ['supervised.ts', 'names.ts'];
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  cpSync(join(root, 'tools/consumer'), folder, { recursive: true });
  packages.forEach((packed) => {
    install(packed, join(folder, 'node_modules'));
  });
  link('@types/node', root, join(folder, 'node_modules'));
  return [
    ...compilers.flatMap(([compiler, ...flags]) =>
      run(folder, binOf(compiler), '-p', '.', ...flags),
    ),
    ...programs.flatMap((program) => run(folder, program)),
  ];
}

/** Unpacks the package and puts beside it only the dependencies that it declares. */
function install({ folder, tarball }: Packed, modules: string): void {
  const { name, dependencies = {} } = manifestOf(folder);
  const target = join(modules, name);
  mkdirSync(target, { recursive: true });
  spawnSync('tar', ['-xzf', tarball, '-C', target, '--strip-components', '1']);
  Object.keys(dependencies)
    .filter((dependency) => !dependency.startsWith('@reprise/'))
    .forEach((dependency) => {
      link(dependency, folder, modules);
    });
}

/** The dependency of a folder, where pnpm has put it. */
function link(dependency: string, folder: string, modules: string): void {
  const path = join(modules, dependency);
  mkdirSync(dirname(path), { recursive: true });
  if (!existsSync(path)) {
    symlinkSync(realpathSync(join(folder, 'node_modules', dependency)), path, 'junction');
  }
}

function binOf(compiler: string): string {
  const manifest = createRequire(import.meta.url).resolve(`${compiler}/package.json`);
  return join(dirname(manifest), 'bin/tsc');
}

function run(cwd: string, ...program: readonly string[]): readonly string[] {
  const { status, stdout, stderr } = spawnSync(process.execPath, program, {
    cwd,
    encoding: 'utf8',
    // A program that waits for an event that does not come fails.
    timeout: 120_000,
  });
  return status === 0 ? [] : [`$ node ${program.join(' ')}\n${stdout}${stderr}`];
}

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}
