import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { expect, jest, test } from '@jest/globals';

jest.setTimeout(180_000);

const main = join(import.meta.dirname, '..', '..', '..', 'bench', 'soak', 'main.ts');

test('clients that are killed with -9 again and again, on a server that plays faults, lose nothing', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--conditions=@reprise/source',
    main,
    '--minutes',
    '0.3',
    '--streams',
    '8',
    '--seed',
    '11',
    '--json',
  ]);
  expect(JSON.parse(stdout)).toMatchObject({
    seed: 11,
    lost: 0,
    outOfOrder: 0,
    crashes: 0,
    openHandles: 0,
    kills: expect.any(Number),
  });
  const { kills, produced } = JSON.parse(stdout) as { kills: number; produced: number };
  expect(kills).toBeGreaterThan(0);
  expect(produced).toBeGreaterThan(0);
});
