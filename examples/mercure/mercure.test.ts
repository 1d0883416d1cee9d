import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { type Program, runProgram } from '../support/program.ts';
import { type Hub, startHub } from './hub.ts';

const main = join(import.meta.dirname, 'main.ts');

/** Runs the program until it has handled the first update of the hub. */
async function runWith(hub: Hub): Promise<Program> {
  const program = runProgram(main, hub.url);
  await program.linesUntil(/^connected$/);
  hub.update({ title: 'Dune', copies: 1 });
  await program.linesUntil(/^Dune: 1$/);
  return program;
}

test('a hub that has lost updates has the list loaded again, before the next update', async () => {
  await using hub = await startHub();
  await using program = await runWith(hub);
  hub.endStreams();
  await program.linesUntil(/^disconnected$/);
  hub.update({ title: 'Solaris', copies: 2 });
  hub.forget();
  hub.update({ title: 'Dune', copies: 3 });
  expect(await program.linesUntil(/^Dune: 3$/)).toEqual([
    'connecting',
    'connected',
    'asked urn:update:1, begins earliest',
    'loaded Dune: 3, Solaris: 2',
    'Dune: 3',
  ]);
});

test('a hub that has all of them has no gap', async () => {
  await using hub = await startHub();
  await using program = await runWith(hub);
  hub.endStreams();
  await program.linesUntil(/^disconnected$/);
  hub.update({ title: 'Solaris', copies: 2 });
  expect(await program.linesUntil(/^Solaris: 2$/)).toEqual([
    'connecting',
    'connected',
    'Solaris: 2',
  ]);
});

test('without a URL it starts a hub', async () => {
  await using program = runProgram(main);
  expect(await program.linesUntil(/^Dune: 2$/)).toContain('Dune: 1');
});
