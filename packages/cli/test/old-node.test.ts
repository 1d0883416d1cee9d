import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

import { expect, test } from '@jest/globals';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

/** Runs a program that takes its Node for one of another version. */
function run(version: string, ...program: readonly string[]) {
  const pretend = `Object.defineProperty(process, 'versions', { value: { node: '${version}' } });`;
  const flags = ['--conditions=@reprise/source', '--import', `data:text/javascript,${pretend}`];
  return spawnSync(process.execPath, [...flags, ...program], { encoding: 'utf8' });
}

test.each(['20.20.2', '22.11.0'])(
  'on Node %s reprise says in one line what it needs',
  (version) => {
    const { status, stderr, stdout } = run(version, main, '--help');
    expect(stderr).toBe(`reprise: expected Node 22.12 or newer, got Node ${version}\n`);
    expect([status, stdout]).toEqual([1, '']);
  },
);

test.each(['22.12.0', '23.0.0'])('on Node %s reprise runs', (version) => {
  expect(run(version, main, '--help').status).toBe(0);
});

test('on an older Node a system says in one line what it needs', () => {
  const code = `
    const { createSystem } = await import('@reprise/actor');
    try { createSystem(); } catch (error) { console.log(String(error)); }
    const { events } = await import('@reprise/sse');
    await events('http://127.0.0.1:9/').next().catch((error) => console.log(String(error)));
  `;
  const { stdout } = run('20.20.2', '--input-type=module', '--eval', code);
  const line = 'Error: Expected Node 22.12 or newer, got Node 20.20.2\n';
  expect(stdout).toBe(line + line);
});
