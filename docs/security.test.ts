import { existsSync, globSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '..');

test('every row of docs/security.md names a test that exists', () => {
  const page = readFileSync(join(import.meta.dirname, 'security.md'), 'utf8');
  const rows = page.split('\n').filter((line) => /^\|(?! attack| -)/.test(line));
  expect(rows.length).toBeGreaterThan(40);
  expect(rows.filter((row) => !namesATest(row))).toEqual([]);
});

/** Its last cell: a file, and the title as it is written there. */
function namesATest(row: string): boolean {
  const [, file = '', title = ''] = /\| `([\w.-]+\.test\.ts)`: (.*?) +\|$/.exec(row) ?? [];
  const paths = globSync(`packages/{actor,sse,cli,observer}/test/**/${file}`, { cwd: root });
  return paths.some((path) => readFileSync(join(root, path), 'utf8').includes(`'${title}'`));
}

interface Manifest {
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

test('nothing that users install runs a script when it is installed', () => {
  const folders = new Set<string>();
  for (const manifest of globSync('packages/*/package.json', { cwd: root })) {
    collect(join(root, dirname(manifest)), folders);
  }
  expect(folders.size).toBeGreaterThan(30);
  expect([...folders].filter(runsScripts)).toEqual([]);
});

/** A package, and all that it needs when it runs. */
function collect(folder: string, found: Set<string>): void {
  if (found.has(folder)) {
    return;
  }
  found.add(folder);
  const { dependencies = {}, optionalDependencies = {} } = manifestOf(folder);
  for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
    const dependency = resolve(name, folder);
    // One that is for another platform is not there.
    if (dependency !== undefined) {
      collect(dependency, found);
    } else if (name in dependencies) {
      throw new Error(`Expected ${name} to be installed for ${folder}, got nothing`);
    }
  }
}

/** As Node looks for it, which a package's `exports` may forbid for its package.json. */
function resolve(name: string, folder: string): string | undefined {
  const candidate = join(folder, 'node_modules', name);
  if (existsSync(candidate)) {
    return realpathSync(candidate);
  }
  return dirname(folder) === folder ? undefined : resolve(name, dirname(folder));
}

function runsScripts(folder: string): boolean {
  const { scripts = {} } = manifestOf(folder);
  // npm compiles a package with a binding.gyp even if no script asks for that.
  return (
    ['preinstall', 'install', 'postinstall'].some((name) => name in scripts) ||
    existsSync(join(folder, 'binding.gyp'))
  );
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}
