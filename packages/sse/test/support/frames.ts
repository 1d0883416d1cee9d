import { createServer, type TLSSocket } from 'node:tls';

import { cert, key, listen, type TestServer } from './servers.ts';

// HTTP/2 frames (RFC 9113 4, 6) as plain bytes, for responses that no HTTP/2 server would send.

export function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

function uint32(...numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * numbers.length);
  numbers.forEach((number, index) => bytes.writeUInt32BE(number, 4 * index));
  return bytes;
}

const endHeaders = 4;
const contentType = Buffer.from('text/event-stream');

export const settings: Buffer = frame(4, 0, 0, Buffer.alloc(0));
const settingsAck = frame(4, 1, 0, Buffer.alloc(0));

/**
 * 200 and an event stream: an index of HPACK's table, then a literal with the name at 31 (RFC 7541
 * 6).
 */
export function head(stream: number): Buffer {
  const fields = Buffer.concat([
    Uint8Array.of(0x88, 0x0f, 31 - 15, contentType.length),
    contentType,
  ]);
  return frame(1, endHeaders, stream, fields);
}

/** `:status: 500`, by index. */
export function serverError(stream: number): Buffer {
  return frame(1, endHeaders, stream, Uint8Array.of(0x8e));
}

export function data(stream: number, text: string): Buffer {
  return frame(0, 0, stream, Buffer.from(text));
}

export function end(stream: number): Buffer {
  return frame(0, 1, stream, Buffer.alloc(0));
}

export function reset(stream: number, code: number): Buffer {
  return frame(3, 0, stream, uint32(code));
}

export function goAway(lastStream: number, code: number): Buffer {
  return frame(7, 0, 0, uint32(lastStream, code));
}

/**
 * Negotiates HTTP/2 and writes the frames itself: `opened` gives the first ones, `answer` those for
 * a request.
 */
export async function serveFrames(
  answer: (socket: TLSSocket, stream: number) => void,
  opened: (socket: TLSSocket) => void = (socket) => socket.write(settings),
): Promise<TestServer> {
  const server = createServer({ cert, key, ALPNProtocols: ['h2'] }, (socket) => {
    // The client may close at any time.
    socket.on('error', () => undefined);
    opened(socket);
    // The preface of the client (RFC 9113 3.4) has 24 bytes.
    let rest = Buffer.alloc(0);
    let isBegun = false;
    socket.on('data', (bytes: Buffer) => {
      rest = Buffer.concat([rest, bytes]);
      if (!isBegun && rest.length >= 24) {
        isBegun = true;
        rest = rest.subarray(24);
      }
      while (isBegun && rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3)) {
        const [type, flags] = [rest.readUInt8(3), rest.readUInt8(4)];
        const stream = rest.readUInt32BE(5);
        rest = rest.subarray(9 + rest.readUIntBE(0, 3));
        if (type === 4 && flags === 0) {
          socket.write(settingsAck);
        } else if (type === 1) {
          answer(socket, stream);
        }
      }
    });
  });
  return listen(server, 'https:');
}
