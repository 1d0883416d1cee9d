import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { createPacketState, handlePacket } from '../src/index.ts';
import { isRedirect, nextHop, firstHop } from '../src/redirect.ts';
import { requestHeaders } from '../src/request.ts';
import { serve, serveRaw } from './support/servers.ts';
import { watch } from './support/told.ts';

/** More of them by hand: `FUZZ=100000 pnpm jest fuzz`. */
const numRuns = Number(process.env['FUZZ'] ?? 0);
const runs = (few: number): { readonly numRuns: number } => ({ numRuns: numRuns || few });

/** Pieces that mean something to the parser, and bytes that mean nothing. */
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

test('whatever bytes come, in whatever packets, the parser gives events and nothing else', () => {
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

test('whatever id a stream gives, it is sent in the bytes of its UTF-8, and nothing with it', async () => {
  let asked: string | undefined;
  await using server = await serve(({ headers }, response) => {
    asked = headers['last-event-id'] as string | undefined;
    response.writeHead(204).end();
  });
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 50 }), async (text) => {
      const state = createPacketState();
      handlePacket(Buffer.from(`id:${text}\ndata: x\n\n`), state);
      asked = undefined;
      using client = watch({ url: server.url, lastEventId: state.lastEventId });
      const told = await client.next();
      expect(told.type).toBe('failed');
      const type = told.type === 'failed' ? told.failure.type : undefined;
      const sent = Buffer.from(asked ?? '', 'latin1').toString('utf8');
      // What HTTP cannot carry is not sent at all; spaces at the ends belong to no header value (RFC 9110 5.5).
      expect(type === 'badRequest' ? '' : sent).toBe(
        type === 'badRequest' ? '' : state.lastEventId.replaceAll(/^[\t ]+|[\t ]+$/g, ''),
      );
    }),
    runs(100),
  );
});

test('whatever Location a server gives, no secret goes to another origin, and no other scheme is spoken', () => {
  const request = {
    url: 'https://me:s3cret@a.test/events',
    headers: { authorization: 's3cret', cookie: 's3cret', 'x-api-key': 's3cret' },
  };
  const location = fc.oneof(
    fc.webUrl(),
    fc.string({ maxLength: 30 }),
    fc.constantFrom(
      '//b.test',
      'http:b.test',
      '\\\\b.test',
      'https:/\\b.test',
      '@b.test',
      'unix:/x',
    ),
  );
  fc.assert(
    fc.property(location, fc.constantFrom(301, 302, 303, 307, 308), (text, status) => {
      fc.pre(isRedirect(status, text));
      const hop = nextHop(firstHop(request), { status, location: text }, request);
      const next = 'type' in hop ? undefined : hop;
      expect(next?.url.protocol ?? 'https:').toBe('https:');
      const shown = JSON.stringify([next?.headers, next?.url.href]);
      expect(next?.url.host === 'a.test' || !shown.includes('s3cret')).toBe(true);
    }),
    runs(2000),
  );
  expect(requestHeaders(request)).toMatchObject(request.headers);
});

test('whatever a server answers, an attempt ends in one way', async () => {
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
  await fc.assert(
    fc.asyncProperty(
      line,
      fc.array(header, { maxLength: 4 }),
      body,
      async (first, headers, rest) => {
        answer = [first, ...headers, '', rest].join('\r\n');
        using client = watch({ url: server.url });
        const told = await client.next();
        expect(['connected', 'failed']).toContain(told.type);
        // A stream that began ends as well, since its socket does.
        while (told.type === 'connected' && client.told.at(-1)?.type !== 'disconnected') {
          await client.next();
        }
        expect(
          client.told.filter(({ type }) => type === 'failed' || type === 'connected'),
        ).toHaveLength(1);
      },
    ),
    runs(150),
  );
});
