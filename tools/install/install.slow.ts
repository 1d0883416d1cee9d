import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { root } from '../root.ts';
import { type Manager, managers, run } from './managers.ts';
import { type Registry, startRegistry } from './registry.ts';

const folder = mkdtempSync(join(tmpdir(), 'installs-'));
let registry: Registry;

beforeAll(async () => {
  await run(root, ['node', 'tools/bundle.ts']);
  const tarballs = [
    'packages/actor',
    'packages/sse',
    'packages/cluster',
    'packages/simulation',
    'packages/observer',
    'packages/cli',
    'tools/install/library',
  ].map(async (path) => {
    const tarball = join(folder, `${path.replaceAll('/', '-')}.tgz`);
    await run(join(root, path), ['pnpm', 'pack', '--out', tarball]);
    return tarball;
  });
  registry = await startRegistry(await Promise.all(tarballs));
}, 600_000);

afterAll(() => {
  registry.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A project with these dependencies and the programs, installed. */
async function install(
  manager: Manager,
  dependencies: Readonly<Record<string, string>>,
): Promise<string> {
  const project = mkdtempSync(join(folder, 'project-'));
  const manifest = { name: 'project', private: true, type: 'module', dependencies };
  const files = { 'package.json': JSON.stringify(manifest), ...manager.files(registry.url) };
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(project, name), text);
  }
  cpSync(join(root, 'tools/install/programs'), project, { recursive: true });
  mkdirSync(join(project, '.git'));
  await run(project, manager.install);
  return project;
}

describe('installed by npm, beside other runtimes', () => {
  let project = '';
  const npm = managers['npm'] as Manager;

  beforeAll(async () => {
    project = await install(npm, {
      '@reprise/actor': '*',
      '@reprise/sse': '*',
      bun: '1',
      deno: '2',
      jest: '30',
    });
  }, 600_000);

  test.each([
    ['Bun', ['bun', 'client.mjs']],
    ['Deno', ['deno', 'run', '--allow-all', 'client.mjs']],
  ])(
    'a client runs in %s',
    async (_, command) => {
      expect(await run(project, [...npm.run, ...command])).toBe('hello connected\n');
    },
    600_000,
  );

  test('a test in jest imports the packages', async () => {
    const jest = ['node', '--experimental-vm-modules', 'node_modules/jest/bin/jest.js'];
    await expect(run(project, [...jest, '--testMatch', '**/*.test.mjs'])).resolves.toBe('');
  }, 600_000);
});

describe.each(Object.entries(managers))('installed by %s', (_, manager) => {
  test('a client runs under a supervisor, beside an xstate of the project', async () => {
    const project = await install(manager, {
      '@reprise/actor': '*',
      '@reprise/sse': '*',
      xstate: '5.20.0',
    });
    expect(await run(project, [...manager.run, 'node', 'client.mjs'])).toBe('hello connected\n');
    expect(await run(project, [...manager.run, 'node', 'commonjs.cjs'])).toBe('hello 7 function\n');
  }, 600_000);

  test('a library with copies of its own works in a program', async () => {
    const project = await install(manager, {
      '@reprise/actor': '*',
      '@reprise/library': '*',
      xstate: '5.20.0',
    });
    expect(await run(project, [...manager.run, 'node', 'library.mjs'])).toBe('hello true\n');
  }, 600_000);

  test('reprise tail runs alone', async () => {
    const project = await install(manager, { '@reprise/cli': '*' });
    const printed = await run(project, [
      ...manager.run,
      'reprise',
      'tail',
      '--json',
      '--count',
      '2',
    ]);
    expect(printed.trim().split('\n')).toHaveLength(2);
  }, 600_000);
});
