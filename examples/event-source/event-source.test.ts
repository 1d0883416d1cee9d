import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { openStream, startEventServer } from '../support/event-server.ts';
import { runProgram } from '../support/program.ts';

const main = join(import.meta.dirname, 'main.ts');

test('a program written for the global EventSource survives a drop, continues after its last event, and ends when it closes', async () => {
  await using server = await startEventServer();
  await using program = runProgram(main, server.url);

  const first = await server.next();
  openStream(first, 'retry: 0\nid: 7\nevent: price\ndata: 5\n\n');
  expect(await program.linesUntil(/price/)).toEqual(['connected', 'price 7: 5']);
  first.response.end();

  const second = await server.next();
  expect(second.request.headers['last-event-id']).toBe('7');
  openStream(second, 'event: price\ndata: 6\n\nevent: bye\ndata:\n\nevent: price\ndata: 8\n\n');
  expect(await program.ended).toEqual({
    status: 0,
    stderr: '',
    lines: ['closed by the server, trying again', 'connected', 'price 7: 6'],
  });
});

test('it ends when the server answers 204', async () => {
  await using server = await startEventServer();
  await using program = runProgram(main, server.url);
  (await server.next()).response.writeHead(204).end();
  expect(await program.ended).toEqual({ status: 0, stderr: '', lines: ['status 204, giving up'] });
});
