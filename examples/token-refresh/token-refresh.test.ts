import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import {
  type EventServer,
  type Exchange,
  openStream,
  startEventServer,
} from '../support/event-server.ts';
import { type Program, runProgram } from '../support/program.ts';

const main = join(import.meta.dirname, 'main.ts');

/** Runs the program against these servers. */
function run(server: EventServer, tokens: EventServer): Program {
  return runProgram(main, server.url, tokens.url);
}

async function giveToken(tokens: EventServer, token: string): Promise<void> {
  const { request, response } = await tokens.next();
  expect(request.method).toBe('POST');
  response.end(JSON.stringify({ token }));
}

function refuse({ response }: Exchange, status: number): void {
  response.writeHead(status).end();
}

/** The next request, which must have this token. */
async function requestWith(server: EventServer, token: string): Promise<Exchange> {
  const exchange = await server.next();
  expect(exchange.request.headers.authorization).toBe(`Bearer ${token}`);
  return exchange;
}

test('a refused token is replaced, and the stream continues; the next connection has a new one', async () => {
  await using server = await startEventServer();
  await using tokens = await startEventServer();
  await using program = run(server, tokens);

  await giveToken(tokens, 'old');
  refuse(await requestWith(server, 'old'), 401);
  await giveToken(tokens, 'new');
  const stream = await requestWith(server, 'new');
  openStream(stream, 'data: one\n\n');
  expect(await program.linesUntil(/^one$/)).toEqual([
    'connecting',
    'connecting',
    'connected',
    'one',
  ]);

  stream.response.end();
  await giveToken(tokens, 'newer');
  openStream(await requestWith(server, 'newer'), 'data: two\n\n');
  expect(await program.linesUntil(/^two$/)).toEqual([
    'disconnected: closed by the server',
    'connecting',
    'connected',
    'two',
  ]);

  program.signal('SIGTERM');
  expect(await program.ended).toEqual({ status: 0, stderr: '', lines: [] });
});

test('an attempt without a token is repeated like any other failure', async () => {
  await using server = await startEventServer();
  await using tokens = await startEventServer();
  await using program = run(server, tokens);

  refuse(await tokens.next(), 503);
  expect((await program.linesUntil(/^disconnected/)).at(-1)).toBe(
    'disconnected: no request: Error: Expected a token, got status 503',
  );
  await giveToken(tokens, 'good');
  openStream(await requestWith(server, 'good'), 'data: one\n\n');
  await program.linesUntil(/^one$/);
});

test('a second refused token ends the program with status 1', async () => {
  await using server = await startEventServer();
  await using tokens = await startEventServer();
  await using program = run(server, tokens);

  for (const token of ['old', 'new']) {
    await giveToken(tokens, token);
    refuse(await requestWith(server, token), 403);
  }
  const { status, stderr, lines } = await program.ended;
  expect(lines).toEqual(['connecting', 'connecting', 'gaveUp: status 403']);
  expect(stderr).toContain('gave up: status 403');
  expect(status).toBe(1);
});
