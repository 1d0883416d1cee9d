import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

import { expect, test } from '@jest/globals';

const onPosix = process.platform === 'win32' ? test.skip : test;

onPosix('WRK-02 a message to a parent that has died is no failure of a worker', async () => {
  const preload = new URL('../../src/worker.ts?shutdown=60000', import.meta.url).href;
  const worker = fork(join(import.meta.dirname, '../programs/late-message.ts'), {
    execArgv: ['--conditions=@reprise/source', '--import', preload],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const stderr = text(worker.stderr as Readable);
  await once(worker, 'message');
  worker.disconnect();
  const [status] = await once(worker, 'exit');
  expect([status, await stderr]).toEqual([0, '']);
});
