import { describe, expect, test } from '@jest/globals';

import type { SseRequest } from '../../src/index.ts';
import {
  allClosed,
  connectionOpened,
  serve,
  serveRaw,
  type TestServer,
} from '../support/servers.ts';
import { settleNetwork } from '../support/stage.ts';
import { type HandlerCall, watch } from '../support/watched-connection.ts';

const stream = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n';
const chunked = `${stream}transfer-encoding: chunked\r\n\r\n`;

/** All calls of a connection whose server sends exactly this response and then ends. */
async function callsOf(answer: string): Promise<readonly HandlerCall[]> {
  await using server = await serveRaw((socket) => {
    socket.end(Buffer.from(answer, 'latin1'));
  });
  using client = watch({ url: server.url });
  await client.end();
  return client.calls;
}

describe('no HTTP', () => {
  test.each([
    ['the same length twice', `${stream}content-length: 9\r\ncontent-length: 9\r\n\r\n`],
    ['a list of lengths', `${stream}content-length: 9, 9\r\n\r\n`],
    ['a length with a sign', `${stream}content-length: +9\r\n\r\n`],
    ['a length that no number holds', `${stream}content-length: ${'9'.repeat(30)}\r\n\r\n`],
    ['a space before the colon', `${stream}content-length : 9\r\n\r\n`],
    ['lines that end with LF alone', stream.replaceAll('\r', '')],
    ['a CR alone in a value', `${stream}x: a\rb: c\r\n\r\n`],
    ['a value that goes on in the next line', `${stream}x: a\r\n b\r\n\r\n`],
    ['U+0000 in a value', `${stream}x: a\0b\r\n\r\n`],
    ['an escape sequence in a value', `${stream}x: \u001B[2J\r\n\r\n`],
    ['HTTP/0.9, a body without a head', 'data: x\n\n'],
    ['HTTP/2 without negotiation', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ])('%s is a failure of the network', async (_what, answer) => {
    const calls = await callsOf(`${answer}data: x\n\n`);
    expect(calls).toMatchObject([{ type: 'failed', failure: { type: 'network' } }]);
  });

  test.each([
    ['a chunk size that no number holds', `${'f'.repeat(17)}\r\n`],
    ['a chunk size below 0', '-1\r\n'],
  ])('%s breaks the stream off', async (_what, size) => {
    const calls = await callsOf(`${chunked}${size}data: x\n\n`);
    expect(calls).toMatchObject([
      { type: 'connected' },
      { disconnect: { type: 'network', code: 'HPE_INVALID_CHUNK_SIZE' } },
    ]);
  });
});

describe('bytes after the end of a body', () => {
  const smuggled = 'data: smuggled\n\n';
  test.each([
    ['more than its length', `${stream}content-length: 9\r\n\r\ndata: x\n\n`, ''],
    ['a second answer', `${stream}content-length: 9\r\n\r\ndata: x\n\n`, `${stream}\r\n`],
    ['a second answer, after chunks', `${chunked}9\r\ndata: x\n\n\r\n0\r\n\r\n`, `${stream}\r\n`],
    ['the body of 204', 'HTTP/1.1 204 No\r\ncontent-length: 99\r\n\r\n', ''],
  ])('%s is never read as events', async (_what, answer, next) => {
    const calls = await callsOf(`${answer}${next}${smuggled}`);
    expect(JSON.stringify(calls)).not.toContain('smuggled');
    expect(['disconnected', 'failed']).toContain(calls.at(-1)?.type);
  });
});

describe('a flood', () => {
  test.each([
    ['of cookies', `${stream}${'set-cookie: a=b\r\n'.repeat(2000)}`, 'failed'],
    ['of trailers', `${chunked}0\r\n${'x-trailer: 0\r\n'.repeat(2000)}`, 'disconnected'],
  ])('%s is broken off', async (_what, answer, last) => {
    const failure = { type: 'network', code: 'HPE_HEADER_OVERFLOW' };
    expect((await callsOf(answer)).at(-1)).toMatchObject({
      type: last,
      [last === 'failed' ? 'failure' : 'disconnect']: failure,
    });
  });

  test.each(['100 Continue', '102 Processing', '103 Early Hints\r\nlink: </x>'])(
    'of %s has no more time than one answer',
    async (line) => {
      await using server = await flooding(`HTTP/1.1 ${line}\r\n\r\n`.repeat(100));
      using client = watch({ url: server.url, responseTimeout: 1000 });
      await connectionOpened(server);
      await client.advance(1000);
      expect(await client.end()).toMatchObject({ failure: { type: 'timeout', phase: 'response' } });
      expect(client.calls).toHaveLength(1);
      await allClosed(server);
    },
  );

  /** Writes as long as the client reads. */
  function flooding(text: string): Promise<TestServer> {
    return serveRaw((socket) => {
      const more = (): void => {
        while (!socket.destroyed && socket.write(text)) {
          // Until the buffer is full.
        }
      };
      socket.on('drain', more);
      more();
    });
  }
});

describe('a request', () => {
  test.each<[string, Partial<SseRequest>]>([
    ['a method with a line end', { method: 'GET / HTTP/1.1\r\nx-admin: 1\r\n\r\nGET' }],
    ['a method with a space', { method: 'G T' }],
    ['a list of values, one with a line end', { headers: { x: ['a', 'b\nx-admin: 1'] } }],
    ['a name that is none', { headers: { '': 'x' } }],
    ['a name beyond ASCII', { headers: { 'x-ä': 'x' } }],
    ['a value beyond latin1', { headers: { x: '\u{1F600}' } }],
    ['DEL', { headers: { x: 'a\u007Fb' } }],
  ])('with %s is never sent', async (_what, request) => {
    await using server = await serve((_, response) => response.writeHead(204).end());
    using client = watch({ url: server.url, ...request });
    expect(await client.end()).toMatchObject({ failure: { type: 'badRequest' } });
    await settleNetwork();
    expect(server.requests).toHaveLength(0);
  });

  test('has no line of its own from a URL with line ends', async () => {
    await using server = await serve((_, response) => response.writeHead(204).end());
    using client = watch({ url: `${server.url}?a=\r\nx-admin: 1` });
    expect(await client.end()).toMatchObject({ failure: { type: 'noContent' } });
    expect(server.requests[0]?.url).toBe('/events?a=x-admin:%201');
    expect(server.requests[0]?.headers).not.toHaveProperty('x-admin');
  });
});
