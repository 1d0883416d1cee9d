import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { expect, test } from '@jest/globals';

const main = join(import.meta.dirname, '..', '..', '..', '..', 'bench', 'torture', 'main.ts');

/** Of all faults: with fewer minutes some are not played. */
const options = ['--minutes', '3', '--streams', '30', '--rate', '2', '--seed', '7', '--json'];

test.each(['postgres', 'sqlite'])(
  'nodes on %s that are tortured lose no effect, and no stream has two owners',
  async (store) => {
    const given = ['--conditions=@reprise/source', main, ...options, '--store', store];
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
