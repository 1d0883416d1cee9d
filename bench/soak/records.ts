import { closeSync, openSync, readSync } from 'node:fs';

import { read, type Record } from './record.ts';

/** The file that every life of the child adds its records to. */
export class Records {
  readonly path: string;
  readonly #file: number;
  readonly #buffer = Buffer.alloc(2 ** 20);
  #offset = 0;

  constructor(path: string) {
    this.path = path;
    this.#file = openSync(path, 'a+');
  }

  /** The records since the last call; half a line stays until the rest of it is written. */
  *fresh(): Generator<Record> {
    for (;;) {
      const length = readSync(this.#file, this.#buffer, 0, this.#buffer.length, this.#offset);
      const end = this.#buffer.subarray(0, length).lastIndexOf(10) + 1;
      if (end === 0) {
        return;
      }
      this.#offset += end;
      for (const line of this.#buffer.toString('utf8', 0, end - 1).split('\n')) {
        yield read(line);
      }
    }
  }

  close(): void {
    closeSync(this.#file);
  }
}
