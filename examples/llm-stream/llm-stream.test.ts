import { text } from 'node:stream/consumers';

import { expect, test } from '@jest/globals';

import { openStream, startEventServer } from '../support/event-server.ts';
import { ask } from './llm-stream.ts';

const messages = [{ role: 'user', content: 'Say hello' }] as const;

function chunk(content: string): string {
  return `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`;
}

async function answerOf(pieces: AsyncIterable<string>): Promise<string> {
  let answer = '';
  for await (const piece of pieces) {
    answer += piece;
  }
  return answer;
}

test('an answer is the pieces of one POST, and [DONE] ends it', async () => {
  await using server = await startEventServer();
  const answer = answerOf(ask({ url: server.url, apiKey: 'secret', messages }));
  const exchange = await server.next();
  expect(exchange.request).toMatchObject({
    method: 'POST',
    headers: { authorization: 'Bearer secret', 'content-type': 'application/json' },
  });
  expect(JSON.parse(await text(exchange.request))).toEqual({ stream: true, messages });
  openStream(exchange, `${chunk('Hel')}${chunk('lo')}data: [DONE]\n\n`);
  expect(await answer).toBe('Hello');
});

test('an answer that breaks off is an error, and the question is not sent again', async () => {
  await using server = await startEventServer();
  const pieces = ask({ url: server.url, apiKey: 'secret', messages });
  const first = pieces.next();
  const exchange = await server.next();
  openStream(exchange, chunk('Hel'));
  expect((await first).value).toBe('Hel');
  exchange.response.end();
  await expect(pieces.next()).rejects.toThrow('gave up: closed by the server');
});

test('an abort closes the connection', async () => {
  await using server = await startEventServer();
  const controller = new AbortController();
  const { signal } = controller;
  const pieces = ask({ url: server.url, apiKey: 'secret', messages, signal });
  const first = pieces.next();
  const exchange = await server.next();
  const closed = new Promise((resolve) => exchange.request.socket.once('close', resolve));
  openStream(exchange, chunk('Hel'));
  await first;
  controller.abort();
  await expect(pieces.next()).rejects.toMatchObject({ name: 'AbortError' });
  await closed;
});

test('an event that is not a chunk of an answer is shown in the error', async () => {
  await using server = await startEventServer();
  const first = ask({ url: server.url, apiKey: 'secret', messages }).next();
  openStream(await server.next(), 'data: {"error":"overloaded"}\n\n');
  await expect(first).rejects.toThrow(
    'Expected a chunk of an answer, got {"error":"overloaded"} (schema)',
  );
});
