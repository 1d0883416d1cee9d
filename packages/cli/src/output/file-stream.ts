import { writeSync } from 'node:fs';
import { Writable } from 'node:stream';

/**
 * A stream that appends to an open file. It writes at once, as stdout does where that is a file: an
 * event counts as printed only when the system has it.
 */
export function fileStream(fd: number): Writable {
  return new Writable({
    decodeStrings: true,
    write(chunk: Buffer, _encoding, done) {
      try {
        for (let at = 0; at < chunk.length;) {
          at += writeSync(fd, chunk, at);
        }
        done();
      } catch (error) {
        done(error as Error);
      }
    },
  });
}
