import { closeSync, openSync, readSync } from 'node:fs';

/** A file to which processes add a line for each record. */
export class Records<Record> {
  readonly path: string;
  readonly #read: (line: string) => Record;
  readonly #file: number;
  readonly #buffer = Buffer.alloc(2 ** 20);
  #offset = 0;

  constructor(path: string, read: (line: string) => Record) {
    this.path = path;
    this.#read = read;
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
        yield this.#read(line);
      }
    }
  }

  close(): void {
    closeSync(this.#file);
  }
}
