import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { expect, jest, test } from '@jest/globals';

// More than other tests: the soak takes half a minute on a quiet machine.
jest.setTimeout(400_000);

const main = join(import.meta.dirname, '..', '..', '..', '..', 'bench', 'soak', 'main.ts');

function soak(...options: readonly string[]): readonly string[] {
  return ['--conditions=@reprise/source', main, '--json', ...options];
}

test('clients that are killed with -9 again and again, on a server that plays faults, lose nothing', async () => {
  const options = ['--minutes', '0.3', '--streams', '10', '--seed', '7'];
  // Rejects if its exit status is not 0.
  const { stdout } = await promisify(execFile)(process.execPath, soak(...options));
  const report = JSON.parse(stdout) as {
    produced: number;
    handled: number;
    worstRecovery: Readonly<Record<string, number>>;
  };
  expect(report).toMatchObject({
    seed: 7,
    lost: 0,
    outOfOrder: 0,
    crashes: 0,
    openHandles: 0,
    // Decided by the seed, not by the speed of the machine.
    kills: 2,
  });
  expect(report.worstRecovery).toHaveProperty('kill');
  expect(report.produced).toBeGreaterThan(0);
  expect(report.handled).toBeGreaterThanOrEqual(report.produced);
});

test.each([
  ['--streams', '1.5', 'Expected a whole number from 1 on, got 1.5'],
  ['--seed', 'x', 'Expected a whole number from 1 on, got x'],
  ['--minutes', '0', 'Expected a number above 0, got 0'],
])('a soak with %s %s reports the expected value', async (option, value, message) => {
  const refused = promisify(execFile)(process.execPath, soak(option, value));
  await expect(refused).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining(message),
  });
});
