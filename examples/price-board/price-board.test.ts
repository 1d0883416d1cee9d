import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { openStream, startEventServer } from '../support/event-server.ts';
import { runProgram } from '../support/program.ts';

const main = join(import.meta.dirname, 'main.ts');

const event = (stock: string, price: number): string =>
  `id: ${stock}\ndata: ${JSON.stringify({ stock, price })}\n\n`;

test('the client sends each event to the board by its name, also after a crash of the board', async () => {
  await using server = await startEventServer();
  await using program = runProgram(main, server.url);

  const first = await server.next();
  openStream(first, event('REP', 10) + event('ISE', 20));
  expect(await program.linesUntil(/ISE/)).toEqual([
    'the board is empty',
    '1 on the board: REP 10',
    '2 on the board: ISE 20',
  ]);

  first.response.write(event('REP', -1));
  const second = await server.next();
  expect(second.request.headers['last-event-id']).toBeUndefined();
  openStream(second, event('REP', 11));
  expect(await program.linesUntil(/REP/)).toEqual(['the board is empty', '1 on the board: REP 11']);

  program.signal('SIGTERM');
  const { status, stderr } = await program.ended;
  expect(stderr).toContain('RangeError: Expected a price above 0 for REP, got -1');
  expect(status).toBe(0);
});
