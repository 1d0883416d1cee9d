import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { runProgram } from '../support/program.ts';
import { deployedFeed } from './deploy.ts';

const run = (name: string, url: string): ReturnType<typeof runProgram> =>
  runProgram(join(import.meta.dirname, `${name}.ts`), url);

test('one 503 while a server is deployed ends the usual program, with exit status 0', async () => {
  await using feed = await deployedFeed();
  await using program = run('eventsource', feed.url);
  const { status, lines } = await program.ended;
  expect(lines).toEqual(['event 1', 'event 2', 'event 3']);
  expect(status).toBe(0);
});

test('the program with Reprise comes back and misses nothing', async () => {
  await using feed = await deployedFeed();
  await using program = run('reprise', feed.url);
  expect(await program.linesUntil(/event 6/)).toEqual(
    [1, 2, 3, 4, 5, 6].map((id) => `event ${id}`),
  );
  program.signal('SIGTERM');
  const { status, stderr } = await program.ended;
  expect(stderr).toBe('');
  expect(status).toBe(0);
});
