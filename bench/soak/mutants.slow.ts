import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

import { expect, test } from '@jest/globals';

import { mutants } from './mutants.ts';

const program = fileURLToPath(new URL('main.ts', import.meta.url));

/** A run of the size that CI runs. */
function soak(...options: readonly string[]) {
  const size = ['--minutes', '1', '--streams', '50', '--seed', '7'];
  const flags = ['--conditions=@reprise/source', program, ...size, ...options];
  return spawnSync(process.execPath, flags, { encoding: 'utf8', timeout: 400_000 });
}

test('a soak of the client as it is passes', () => {
  const { status, stderr } = soak();
  expect(stderr).not.toContain('FAILED');
  expect(status).toBe(0);
}, 500_000);

test.each(Object.entries(mutants))(
  'a soak notices %s',
  (name, { noticedAs }) => {
    const { status, stderr } = soak('--mutant', name);
    expect(stderr).toMatch(noticedAs);
    expect(status).toBe(1);
  },
  500_000,
);
