import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { expect, test } from '@jest/globals';

import { openStream, startEventServer } from '../support/event-server.ts';

const program = join(import.meta.dirname, 'main.ts');

test('a crash in handleEvent restarts the client from init; past maxRestarts the program ends with the reason', async () => {
  await using server = await startEventServer();
  const child = spawn(process.execPath, ['--conditions=@reprise/source', program, server.url], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  for (let restarts = 0; restarts <= 2; restarts += 1) {
    openStream(await server.next(), 'data: {"price":5}\n\ndata: not JSON\n\ndata: {"price":6}\n\n');
  }

  const [stdout, stderr, [status]] = await output;
  expect(stdout).toBe('init\nprice 5 is number 1\n'.repeat(3));
  expect(stderr.match(/SyntaxError: Unexpected token/g)?.length).toBeGreaterThanOrEqual(3);
  expect(stderr).toMatch(/gave up: child "prices" .* failed 3 times in 5 s/);
  expect(stderr).toMatch(/ended: shutdown\n$/);
  expect(status).toBe(1);
});
