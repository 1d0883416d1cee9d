import type { IncomingMessage } from 'node:http';

import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { firstHop, nextHop } from '../../src/http/redirect.ts';
import { createPacketState, handlePacket } from '../../src/index.ts';
import { serve, serveRaw } from '../support/servers.ts';
import { watch } from '../support/watched-connection.ts';

/**
 * For longer manual runs: `FUZZ=100000 pnpm jest fuzz --testTimeout=3600000`. A failure prints the
 * seed and the path that repeat it.
 */
const numRuns = Number(process.env['FUZZ'] ?? 0);
const runs = (few: number): { readonly numRuns: number } => ({ numRuns: numRuns || few });

/** Pieces that mean something to the parser, and random bytes. */
const piece = fc.oneof(
  fc.constantFrom(
    'data:',
    'event:',
    'id:',
    'retry:',
    ':',
    '\n',
    '\r',
    '\r\n',
    '\n\n',
    '\uFEFF',
    '\0',
    '0',
  ),
  fc.string({ unit: 'binary', maxLength: 20 }),
);
const bytes = fc.oneof(
  fc.array(piece, { maxLength: 40 }).map((pieces) => Buffer.from(pieces.join(''))),
  fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
);

test('for any bytes in any packets, the parser gives events and nothing else', () => {
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 10 }), (packets) => {
      const state = createPacketState({ maxEventSize: 1000 });
      for (const packet of packets) {
        for (const event of handlePacket(packet, state)) {
          expect(typeof event.data).toBe('string');
          expect(event.type).not.toMatch(/^$|[\r\n]/);
          expect(event.lastEventId).not.toMatch(/[\r\n\0]/);
          expect(Buffer.byteLength(event.data)).toBeLessThanOrEqual(1000);
        }
      }
    }),
    runs(2000),
  );
});

/** Characters of each class that matters to HTTP, the format or Unicode, and any others. */
const idPiece = fc.oneof(
  fc.constantFrom('\u0001', '\t', '\u001B', '\u007F', '\u0085', '\u009B', 'é', 'ÿ', '…', '😀'),
  fc.constantFrom(' ', '\0', '\uFEFF', '\uFFFD', '\u2028', '\r\nx-admin: 1', '\n', ':', ',', '"'),
  fc.string({ unit: 'binary', maxLength: 10 }),
);
/**
 * The header for an id: none if no header can hold it; spaces at the ends are not part of a header
 * value (RFC 9110 5.5).
 */
function sendingOf(id: string): string {
  // oxlint-disable-next-line no-control-regex -- it looks for control characters
  return /[\0-\x08\n-\x1F\x7F]/.test(id) ? '' : id.replaceAll(/^[\t ]+|[\t ]+$/g, '');
}
const ownHeaders = 'accept accept-encoding cache-control connection host last-event-id user-agent';

test('any id of a stream is sent as the bytes of its UTF-8, and nothing with it', async () => {
  const asked: IncomingMessage[] = [];
  await using server = await serve((request, response) => {
    asked.push(request);
    response.writeHead(204).end();
  });
  await fc.assert(
    fc.asyncProperty(fc.array(idPiece, { maxLength: 6 }), async (pieces) => {
      const state = createPacketState();
      handlePacket(Buffer.from(`id:${pieces.join('')}\ndata: x\n\n`), state);
      asked.length = 0;
      using client = watch({ url: server.url, lastEventId: state.lastEventId });
      const call = await client.next();
      const { 'last-event-id': sent = '', ...others } = asked[0]?.headers ?? {};
      expect({
        failure: call.type === 'failed' && call.failure.type,
        sent: Buffer.from(String(sent), 'latin1').toString(),
        others: Object.keys(others).filter((name) => !ownHeaders.includes(name)),
      }).toEqual({ failure: 'noContent', sent: sendingOf(state.lastEventId), others: [] });
    }),
    runs(150),
  );
});

test('for any Location of a server, no secret goes to another origin, and no other scheme is used', () => {
  const location = fc.oneof(
    fc.webUrl(),
    fc.string({ maxLength: 30 }),
    fc.constantFrom('//b.test', 'http:b.test', '\\\\b.test', 'https:/\\b.test', '@b.test'),
    fc.constantFrom('http://a.test/', 'https://a.test/', 'https://a.test:444/', '//a.test.'),
    fc.constantFrom('unix:/x', 'http://unix:/x:/', 'javascript:1', 'file:///x', 'data:,x'),
    fc.nat().map((path) => `/${path}`),
    fc.nat().map((path) => `//b.test/${path}`),
    fc.nat().map((path) => `https://me:s3cret@c.test/${path}`),
  );
  const redirect = fc.record({ status: fc.constantFrom(301, 302, 303, 307, 308), location });
  const scheme = fc.constantFrom('http:', 'https:');
  const chain = Array.from({ length: 15 }, (_, count) => ({ status: 302, location: `/${count}` }));
  fc.assert(
    fc.property(scheme, fc.array(redirect, { maxLength: 15 }), (protocol, redirects) => {
      const request = {
        url: `${protocol}//me:s3cret@a.test/events`,
        headers: { authorization: 's3cret', cookie: 's3cret', 'x-api-key': 's3cret' },
      };
      let hop = firstHop(request);
      let hasLeft = false;
      for (const { status, location } of redirects.filter((one) => one.location !== '')) {
        const next = nextHop(hop, { status, location }, {});
        if ('type' in next) {
          return;
        }
        expect(['http:', 'https:']).toContain(next.url.protocol);
        expect([hop.url.protocol, next.url.protocol]).not.toEqual(['https:', 'http:']);
        expect(next.url.hostname).not.toBe('unix');
        hasLeft ||= next.url.origin !== `${protocol}//a.test`;
        const shown = JSON.stringify([next.headers, next.url.href]);
        expect(shown.includes('s3cret')).toBe(!hasLeft);
        expect(next.trail.length).toBeLessThanOrEqual(10);
        hop = next;
      }
    }),
    // Random chains are almost never that long.
    { ...runs(1000), examples: [['http:', chain]] },
  );
});

test('for any answer of a server, an attempt ends in exactly one way', async () => {
  let answer = '';
  await using server = await serveRaw((socket) => {
    socket.end(answer);
  });
  const line = fc.constantFrom(
    'HTTP/1.1 200 OK',
    'HTTP/1.1 204 No Content',
    'HTTP/1.1 503 x',
    'HTTP/1.1 999 x',
    'HTTP/1.1 99 x',
    'HTTP/9.9 200 OK',
    'HTTP/1.1 301 x',
    'ICY 200 OK',
    '',
  );
  const header = fc.oneof(
    fc.constantFrom(
      'content-type: text/event-stream',
      'content-encoding: gzip',
      'content-length: 3',
      'transfer-encoding: chunked',
      'location: /x',
      'connection: upgrade',
      'upgrade: x',
      ': x',
      'a b: c',
    ),
    fc.string({ unit: 'binary', maxLength: 20 }),
  );
  const body = fc.constantFrom(
    '',
    'data: x\n\n',
    '3\r\nabc\r\n0\r\n\r\n',
    'zz\r\n',
    '\u001F\u008B',
  );
  const built = fc
    .tuple(line, fc.array(header, { maxLength: 4 }), body)
    .map(([first, headers, rest]) => [first, ...headers, '', rest].join('\r\n'));
  const valid =
    'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n9\r\ndata: x\n\n\r\n0\r\n\r\n';
  const mutated = fc
    .tuple(fc.nat(valid.length), fc.nat(20), fc.string({ unit: 'binary', maxLength: 5 }))
    .map(([at, removed, put]) => valid.slice(0, at) + put + valid.slice(at + removed));
  await fc.assert(
    fc.asyncProperty(fc.oneof(built, mutated), async (text) => {
      answer = text;
      using client = watch({ url: server.url });
      const call = await client.next();
      expect(['connected', 'failed']).toContain(call.type);
      // A stream that began ends too, since its socket ends.
      while (call.type === 'connected' && client.calls.at(-1)?.type !== 'disconnected') {
        await client.next();
      }
      expect(
        client.calls.filter(({ type }) => type === 'failed' || type === 'connected'),
      ).toHaveLength(1);
    }),
    runs(250),
  );
});
