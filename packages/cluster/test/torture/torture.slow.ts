import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';

import { expect, test } from '@jest/globals';

const main = join(import.meta.dirname, '..', '..', '..', '..', 'bench', 'torture', 'main.ts');

const program = ['--conditions=@reprise/source', main];

/** Of all faults: with fewer minutes some are not played. */
const options = ['--minutes', '3', '--streams', '30', '--rate', '2', '--seed', '7', '--json'];

/** Streams come and go, and two of them kill the processes of their handlers. */
const troubled = ['--lists', '--poison', '2'];

test.each([
  ['nodes on postgres', 'postgres', []],
  ['nodes on sqlite', 'sqlite', []],
  ['nodes with streams that change and kill', 'postgres', troubled],
])(
  '%s that are tortured lose no effect, and no stream has two owners',
  async (_, store, more) => {
    const given = [...program, ...options, '--store', store, ...more];
    // Rejects if its exit status is not 0.
    const { stdout } = await promisify(execFile)(process.execPath, given);
    expect(JSON.parse(stdout)).toMatchObject({
      seed: 7,
      twoOwners: 0,
      lost: 0,
      twice: 0,
      outOfOrder: 0,
      fallen: 0,
      problems: [],
    });
  },
  900_000,
);

test('a torture that is interrupted from the terminal reports its results so far', async () => {
  // A process group, as a shell makes it: Ctrl-C interrupts all its processes.
  const child = spawn(
    process.execPath,
    [...program, '--minutes', '60', '--streams', '3', '--json'],
    {
      detached: true,
    },
  );
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
