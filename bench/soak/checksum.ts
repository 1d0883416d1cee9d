import { crc32 } from 'node:zlib';

import type { NumberedData } from '@reprise/sse/testing';

/** The text of every event of the server: characters of two, three and four bytes. */
const text = 'é…🙂';

/** Of all that an event says, its padding left out. */
export function checksumOf({ stream, number, text }: NumberedData): number {
  return crc32(JSON.stringify([stream, number, text]));
}

/** The right checksum of an event. */
export function expectedChecksum(stream: string, number: number): number {
  return checksumOf({ stream, number, text });
}
