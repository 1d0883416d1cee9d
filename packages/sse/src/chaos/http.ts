import { STATUS_CODES } from 'node:http';
import { constants, deflateRawSync } from 'node:zlib';

import { mapBytes, type Step, type Steps, write } from './step.ts';

// HTTP/1.1 by hand: a server of Node's would not break the rules of the protocol.

export type Headers = Readonly<Record<string, string | undefined>>;

/** The head of a response; a header that is `undefined` is left out. */
export function head(status: number, headers: Headers): string {
  const lines = Object.entries({ ...headers, connection: 'close' })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n`;
}

/** The same steps, with each write as one chunk (RFC 9112 7.1). */
export function chunked(steps: Steps): Steps {
  return mapBytes(steps, (bytes) =>
    Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]),
  );
}

export const lastChunk: Step = write('0\r\n\r\n');

/**
 * The same steps, with each write compressed and flushed, behind the header of a gzip file (RFC
 * 1952 2.3). The trailer of the file never comes.
 */
export function* gzipped(steps: Steps): Generator<Step> {
  yield write(Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff));
  // A sync flush ends at a byte, so the pieces can be joined.
  yield* mapBytes(steps, (bytes) => deflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }));
}
