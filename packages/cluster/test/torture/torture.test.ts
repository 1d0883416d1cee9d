import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { expect, test } from '@jest/globals';

const main = join(import.meta.dirname, '..', '..', '..', '..', 'bench', 'torture', 'main.ts');

function torture(...options: readonly string[]): readonly string[] {
  return ['--conditions=@reprise/source', main, '--json', ...options];
}

test.each([
  ['--streams', '1.5', 'Expected a whole number from 1 on, got 1.5'],
  ['--minutes', '0', 'Expected a number above 0, got 0'],
  ['--store', 'redis', 'Allowed choices are postgres, sqlite.'],
])('a torture with %s %s reports the expected value', async (option, value, message) => {
  const refused = promisify(execFile)(process.execPath, torture(option, value));
  await expect(refused).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining(message),
  });
});
