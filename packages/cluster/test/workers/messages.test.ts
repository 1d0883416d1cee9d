import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { expect, test } from '@jest/globals';

const onPosix = process.platform === 'win32' ? test.skip : test;

onPosix('an answer that JSON cannot have is a TypeError, and a worker is not watched', async () => {
  const program = join(import.meta.dirname, '../programs/message-worker.ts');
  const child = spawn(process.execPath, ['--conditions=@reprise/source', program], {
    env: { ...process.env, WATCH_REPORT_DEPENDENCIES: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = (await text(child.stdout)).trim().split('\n');
  expect(lines).toEqual([
    'not watched',
    'TypeError: Expected a message that JSON can have, got undefined',
    'TypeError: Expected a message that JSON can have, got 10n',
    'TypeError: Expected a message that JSON can have, got Symbol(x)',
  ]);
});
