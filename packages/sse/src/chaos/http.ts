import { STATUS_CODES } from 'node:http';
import { constants, deflateRawSync } from 'node:zlib';

import { mapBytes, type Step, type Steps, write } from './step.ts';

/** HTTP/1.1 by hand, since a server that keeps to the rules cannot break them. */

export type Headers = Readonly<Record<string, string | undefined>>;

/** The head of an answer; a header that is `undefined` is left out. */
export function head(status: number, headers: Headers): string {
  const lines = Object.entries({ ...headers, connection: 'close' })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n`;
}

/** Each write a chunk of its own (RFC 9112 7.1). */
export function chunked(steps: Steps): Steps {
  return mapBytes(steps, (bytes) =>
    Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]),
  );
}

export const lastChunk: Step = write('0\r\n\r\n');

/**
 * Each write compressed and flushed, after the header of a gzip file (RFC 1952 2.3); what ends such
 * a file never comes.
 */
export function* gzipped(steps: Steps): Generator<Step> {
  yield write(Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff));
  // What is flushed ends with a byte, so that one can stand behind the other.
  yield* mapBytes(steps, (bytes) => deflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }));
}
