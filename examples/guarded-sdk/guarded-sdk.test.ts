import { join } from 'node:path';
import { json } from 'node:stream/consumers';

import { expect, test } from '@jest/globals';

import { openStream, startEventServer } from '../support/event-server.ts';
import { type Program, runProgram } from '../support/program.ts';
import { ask, reasonOf } from './guarded-sdk.ts';

const piece = (content: string): string =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`;

const run = (url: string): Program =>
  runProgram(join(import.meta.dirname, 'main.ts'), url, 'Hello?');

test('the question is sent, and the pieces of the answer are printed', async () => {
  await using server = await startEventServer();
  await using program = run(server.url);
  const exchange = await server.next();
  expect(await json(exchange.request)).toMatchObject({
    stream: true,
    messages: [{ role: 'user', content: 'Hello?' }],
  });
  openStream(exchange, `${piece('Hel')}${piece('lo')}data: [DONE]\n\n`);
  exchange.response.end();
  expect(await program.ended).toMatchObject({ status: 0, lines: ['Hel', 'lo'] });
});

test('an answer that ends early is an error, and the program says so', async () => {
  await using server = await startEventServer();
  await using program = run(server.url);
  const exchange = await server.next();
  openStream(exchange, piece('Hel'));
  exchange.response.end();
  expect(await program.ended).toMatchObject({
    status: 1,
    lines: ['Hel'],
    stderr: 'the stream ended before the event that completes it\n',
  });
});

test('a server that stalls is an error after the idle timeout', async () => {
  await using server = await startEventServer();
  const pieces = ask({ baseURL: server.url, apiKey: 'secret', idleTimeout: 50 }, 'Hello?');
  const first = pieces.next();
  openStream(await server.next(), piece('Hel'));
  expect((await first).value).toBe('Hel');
  const error = await pieces.next().catch((thrown: unknown) => thrown);
  expect(reasonOf(error)).toBe('idle timeout after 50 ms');
});
