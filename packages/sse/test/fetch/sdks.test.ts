/** The official SDKs, with a guarded fetch, against a server on loopback that plays faults. */
import type { ServerResponse } from 'node:http';

import { createOpenAI } from '@ai-sdk/openai';
import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, test } from '@jest/globals';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { virtualClock } from '@reprise/actor/testing';
import { guarded, type GuardedFetch } from '@reprise/sse/fetch';
import { streamText } from 'ai';
import OpenAI from 'openai';

import { serve } from '../support/servers.ts';

const sdkOptions = { apiKey: 'key', maxRetries: 0, logLevel: 'off' } as const;
const message = { role: 'user', content: 'Hello?' } as const;

/** A request for a stream, read to its end. */
type Run = (baseURL: string, fetch: GuardedFetch) => Promise<unknown>;

const openai: Run = async (baseURL, fetch) => {
  const client = new OpenAI({ ...sdkOptions, baseURL, fetch });
  return collect(
    await client.chat.completions.create({ model: 'm', messages: [message], stream: true }),
  );
};

const anthropic: Run = async (baseURL, fetch) => {
  const client = new Anthropic({ ...sdkOptions, baseURL, fetch });
  return collect(
    await client.messages.create({ model: 'm', max_tokens: 1, messages: [message], stream: true }),
  );
};

const aiSdk: Run = async (baseURL, fetch) => {
  const { chat } = createOpenAI({ apiKey: 'key', baseURL, fetch });
  const { fullStream } = streamText({
    model: chat('m'),
    prompt: 'Hello?',
    maxRetries: 0,
    onError: () => undefined,
  });
  const parts = await collect(fullStream);
  const failed = parts.find(({ type }) => type === 'error');
  if (failed?.type === 'error') {
    throw failed.error;
  }
};

const mcp: Run = async (url, fetch) => {
  const client = new Client({ name: 'test', version: '1' });
  const failed = new Promise<never>((_, reject) => {
    client.onerror = reject;
  });
  const connected = client.connect(new StreamableHTTPClientTransport(new URL(url), { fetch }));
  try {
    await Promise.race([connected, failed]);
  } finally {
    // It waits for its answer for a minute, whatever `onerror` was told.
    await Promise.all([connected.catch(() => undefined), client.close()]);
  }
};

async function collect<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const all: Item[] = [];
  for await (const item of items) {
    all.push(item);
  }
  return all;
}

/** The messages of an error and of its causes. */
function messagesOf(error: unknown): string {
  return error instanceof Error || (typeof error === 'object' && error !== null)
    ? `${(error as Error).message} ${messagesOf((error as Error).cause)}`
    : '';
}

const limits = { responseTimeout: 1000, idleTimeout: 2000, bodyTimeout: 3000, eventTimeout: 4000 };
const eventStream = { 'content-type': 'text/event-stream' };

/** The error of an SDK, once `fault` has been played and `ms` have passed. */
async function errorOf(
  run: Run,
  fault: (response: ServerResponse) => void,
  ms: number,
  bytes: number,
): Promise<string> {
  const asked = Promise.withResolvers<void>();
  await using server = await serve((_, response) => {
    fault(response);
    asked.resolve();
  });
  const clock = virtualClock();
  const fetch = guarded({ clock, ...limits, until: ({ data }) => data === '[DONE]' });
  const error = run(server.url, fetch).then(
    () => 'no error',
    (thrown: unknown) => messagesOf(thrown),
  );
  await asked.promise;
  while (fetch.requests.length > 0 && (fetch.requests[0]?.bytes ?? 0) < bytes) {
    await new Promise(setImmediate);
  }
  await clock.advance(ms);
  return error;
}

describe.each([
  ['openai', openai, 'Request timed out.'],
  ['@anthropic-ai/sdk', anthropic, 'Request timed out.'],
  ['ai', aiSdk, 'response timeout after 1000 ms'],
  ['@modelcontextprotocol/client', mcp, 'response timeout after 1000 ms'],
])('%s', (_name, run, late) => {
  test('a head that does not come is an error in time', async () => {
    expect(await errorOf(run, () => undefined, 1000, 0)).toContain(late);
  });

  test('a stream that falls silent is an error in time', async () => {
    const stall = (response: ServerResponse): unknown =>
      response.writeHead(200, eventStream).write(': hi\n\n');
    expect(await errorOf(run, stall, 2000, 6)).toContain('idle timeout after 2000 ms');
  });

  test('a stream that ends early, in good order, is an error', async () => {
    const end = (response: ServerResponse): unknown =>
      response.writeHead(200, eventStream).end(': hi\n\n');
    expect(await errorOf(run, end, 0, 6)).toContain('the stream ended before the event');
  });

  test('a page by status 200 is an error', async () => {
    const page = (response: ServerResponse): unknown =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Log in</h1>');
    expect(await errorOf(run, page, 0, 0)).toContain('content type text/html');
  });
});
