import type { TLSSocket } from 'node:tls';

import { describe, expect, jest, test } from '@jest/globals';

import { data, frame, head, serveFrames } from '../support/frames.ts';
import { allClosed } from '../support/servers.ts';
import { http2 } from '../support/versions.ts';

// A client ends some floods only after 10,000 frames, which take seconds on a busy machine.
jest.setTimeout(30_000);

/** Writes as much as the client reads; the client is in the same process and gets its turns. */
function flood(socket: TLSSocket, text: Uint8Array): void {
  const more = (): void => {
    if (!socket.destroyed && socket.write(text)) {
      setImmediate(more);
    }
  };
  socket.on('drain', more);
  more();
}

function many(one: Uint8Array): Buffer {
  return Buffer.concat(Array.from({ length: 1000 }, () => one));
}

/** A literal without an index (RFC 7541 6.2.2). */
const field = Buffer.from('\0\u0001a\u0001b', 'latin1');
/** 4000 bytes into HPACK's table, as its first entry. */
const entry = Buffer.concat([
  Buffer.from('@\u0001a\x7F\xA1\x1E', 'latin1'),
  Buffer.alloc(4000, 'x'),
]);

describe('over HTTP/2', () => {
  test.each<[string, (stream: number) => readonly Uint8Array[]]>([
    ['a head without an end', (id) => [frame(1, 0, id, field), many(frame(9, 0, id, field))]],
    [
      'a head of frames that are empty',
      (id) => [frame(1, 0, id, field), many(frame(9, 0, id, Buffer.alloc(0)))],
    ],
    [
      'a head of 2000 fields',
      (id) => [frame(1, 4, id, Buffer.concat([Uint8Array.of(0x88), many(field), many(field)]))],
    ],
    [
      'one field, named 16,000 times',
      (id) => [
        frame(1, 0, id, Buffer.concat([Uint8Array.of(0x88), entry])),
        frame(9, 4, id, Buffer.alloc(16_000, 0xbe)),
      ],
    ],
    [
      'interim answers without an end',
      (id) => [many(frame(1, 4, id, Buffer.from('\u0008\u0003103', 'latin1')))],
    ],
    ['a body before its head', (id) => [data(id, 'data: x\n\n')]],
  ])('%s comes to nothing', async (_what, frames) => {
    await using server = await serveFrames((socket, id) => {
      const all = frames(id);
      all.slice(0, -1).forEach((one) => socket.write(one));
      flood(socket, all.at(-1) ?? Buffer.alloc(0));
    });
    using client = http2.watch({ url: server.url });
    expect(await client.next()).toMatchObject({ type: 'failed', failure: { type: 'network' } });
    await allClosed(server);
    expect(client.calls).toHaveLength(1);
  });

  test.each<[string, (stream: number) => Uint8Array]>([
    ['of pings', () => frame(6, 0, 0, Buffer.alloc(8))],
    ['of settings', () => frame(4, 0, 0, Buffer.alloc(0))],
    ['of empty data', (id) => data(id, '')],
    ['of windows beyond any', (id) => frame(8, 0, id, Uint8Array.of(0x7f, 0xff, 0xff, 0xff))],
    ['of unrequested pushes', (id) => frame(5, 4, id, Uint8Array.of(0, 0, 0, 2, 0x82, 0x87, 0x84))],
    ['of data beyond the window', (id) => data(id, ':'.repeat(16_000))],
  ])('a flood %s breaks the stream off', async (_what, one) => {
    await using server = await serveFrames((socket, id) => {
      socket.write(head(id));
      flood(socket, many(one(id)));
    });
    using client = http2.watch({ url: server.url });
    expect((await client.next()).type).toBe('connected');
    expect(await client.end()).toMatchObject({ disconnect: { type: 'network' } });
    await allClosed(server);
  });
});
