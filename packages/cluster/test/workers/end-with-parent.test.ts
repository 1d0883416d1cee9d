import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

import { expect, test } from '@jest/globals';

import { temporaryFolder } from '../support/temporary.ts';

const programs = join(import.meta.dirname, '../programs');
const onPosix = process.platform === 'win32' ? test.skip : test;

const preload = new URL('../../src/worker.ts?shutdown=60000', import.meta.url).href;

onPosix('WRK-02 a message to a parent that has died is no failure of a worker', async () => {
  const worker = fork(join(programs, 'late-message.ts'), {
    execArgv: ['--conditions=@reprise/source', '--import', preload],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const stderr = text(worker.stderr as Readable);
  await once(worker, 'message');
  worker.disconnect();
  const [status] = await once(worker, 'exit');
  expect([status, await stderr]).toEqual([0, '']);
});

/** A worker that holds its thread until `goOn`, and what it says of its signals at its end. */
async function startCounter(how: 'on' | 'once') {
  const folder = temporaryFolder();
  const file = join(folder.path, 'go-on');
  const worker = fork(join(programs, 'count-signals.ts'), [how, file], {
    execArgv: ['--conditions=@reprise/source', '--import', preload],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  await once(worker, 'message');
  const signals = text(worker.stdout as Readable);
  const exited = once(worker, 'exit');
  const goOn = (): void => {
    writeFileSync(file, '');
  };
  const ended = async () => {
    const [status, signal] = await exited;
    folder[Symbol.dispose]();
    return { end: signal ?? status, signals: (await signals).trim() };
  };
  return { worker, goOn, ended };
}

onPosix('WRK-02 a worker whose parent dies gets SIGTERM', async () => {
  const { worker, goOn, ended } = await startCounter('on');
  worker.disconnect();
  goOn();
  expect(await ended()).toEqual({ end: 0, signals: '1' });
});

onPosix('WRK-02 one that has got it from a parent that dies then gets no second one', async () => {
  const { worker, goOn, ended } = await startCounter('on');
  worker.kill('SIGTERM');
  worker.disconnect();
  goOn();
  expect(await ended()).toEqual({ end: 0, signals: '1' });
});

onPosix('a second signal ends a worker that listens to the first alone', async () => {
  const { worker, goOn, ended } = await startCounter('once');
  goOn();
  worker.kill('SIGTERM');
  await once(worker, 'message');
  worker.kill('SIGTERM');
  expect(await ended()).toEqual({ end: 'SIGTERM', signals: '' });
});
