// Every check by name, quick ones first: `pnpm test` runs all, `pnpm test lint types` only those.
// One that fails does not keep the others from running: one run shows every failure. Programs are
// found on the PATH that pnpm sets up.
import { spawnSync, type SpawnSyncOptions } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './root.ts';

/**
 * What each runs; `packages` needs what `types` builds, and `types` and `unused` what `fences`
 * writes.
 */
const checks: Readonly<Record<string, string>> = {
  format: 'oxfmt --check',
  fences: 'node tools/doc-fences.ts',
  types: 'tsc -b',
  lint: 'oxlint --deny-warnings',
  order: 'depcruise --output-type err-long packages docs examples bench tools',
  unused: 'knip',
  packages: 'node tools/bundle.ts && node tools/packages.ts',
  jest: 'node tools/jest.ts',
};

// A shell, since Windows finds the programs of node_modules/.bin only through one; every line is a
// constant.
const options: SpawnSyncOptions = { cwd: root, shell: true };

installIfChanged();
const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(checks);
const failed = names.filter((name) => !(name === 'jest' ? runsLive(name) : runs(name)));
if (failed.length > 0) {
  console.error(`\nFAILED: ${failed.join(', ')}`);
  process.exitCode = 1;
}

/**
 * `pnpm test` has installed what is missing before this runs; `node tools/check.ts` after a pull or
 * a rebase has not. Pnpm keeps a copy of the lockfile that it installed last.
 */
function installIfChanged(): void {
  const installed = join(root, 'node_modules/.pnpm/lock.yaml');
  const wanted = readFileSync(join(root, 'pnpm-lock.yaml'), 'utf8');
  if (!existsSync(installed) || readFileSync(installed, 'utf8') !== wanted) {
    spawnSync('pnpm install --frozen-lockfile', { ...options, stdio: 'inherit' });
  }
}

/** Prints one line when it is over, and what it said only if it failed. */
function runs(name: string): boolean {
  const command = commandOf(name);
  const from = performance.now();
  const { status, stdout, stderr } = spawnSync(command, { ...options, maxBuffer: 2 ** 26 });
  const seconds = ((performance.now() - from) / 1000).toFixed(1).padStart(6);
  console.log(`${name.padEnd(10)}${status === 0 ? 'ok    ' : 'FAILED'}${seconds} s`);
  if (status !== 0) {
    console.log(`$ ${command}\n${String(stdout)}${String(stderr)}`);
  }
  return status === 0;
}

/** Prints as it goes: for what has its own account of itself. */
function runsLive(name: string): boolean {
  console.log(name);
  return spawnSync(commandOf(name), { ...options, stdio: 'inherit' }).status === 0;
}

function commandOf(name: string): string {
  const command = checks[name];
  if (command === undefined) {
    throw new RangeError(`Expected one of ${Object.keys(checks).join(', ')}, got ${name}`);
  }
  return command;
}
