import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';

import { expect, test } from '@jest/globals';

const main = join(import.meta.dirname, '..', '..', '..', '..', 'bench', 'torture', 'main.ts');

function torture(...options: readonly string[]): readonly string[] {
  return ['--conditions=@reprise/source', main, '--json', ...options];
}

test('a torture that is interrupted from the terminal reports its results so far', async () => {
  // A process group, as a shell makes it: Ctrl-C interrupts all its processes.
  const child = spawn(process.execPath, torture('--minutes', '60', '--streams', '3'), {
    detached: true,
  });
  const exited = once(child, 'exit');
  const output = text(child.stdout);
  const lines: string[] = [];
  for await (const line of createInterface(child.stderr)) {
    lines.push(line);
    // The line after the command is that of the first fault.
    if (lines.length === 2) {
      process.kill(-(child.pid ?? 0), 'SIGINT');
    }
  }
  // On a busy machine a limit of time may be broken by then.
  const isLate = lines.some((line) => /^FAILED: (?:a failover|of the gaps)/.test(line));
  expect(await exited).toEqual([Number(isLate), null]);
  expect(JSON.parse(await output)).toMatchObject({ lost: 0, twice: 0, twoOwners: 0 });
});

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
