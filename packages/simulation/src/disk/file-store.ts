import type { Disk } from './disk.ts';

/**
 * Texts under keys, each in a file of its own, which a write replaces as a whole: the usual way to
 * keep small values in files. It is a cursor store of `@reprise/sse`.
 */
export class FileStore {
  readonly #disk: Disk;
  #drafts = 0;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** The text of a key; `undefined` if there is none. */
  get(key: string): Promise<string | undefined> {
    return this.#disk.readText(pathOf(key));
  }

  /** Resolves once a crash cannot lose it any more. */
  async set(key: string, value: string): Promise<undefined> {
    const path = pathOf(key);
    this.#drafts += 1;
    const draft = `${path}.${this.#drafts}.new`;
    await this.#disk.write(draft, value);
    // Before the new name: a crash must not leave the name without the bytes.
    await this.#disk.sync(draft);
    await this.#disk.rename(draft, path);
    await this.#disk.sync(path);
  }

  /** Resolves with whether there was a text, once a crash cannot bring it back. */
  async delete(key: string): Promise<boolean> {
    const wasThere = await this.#disk.delete(pathOf(key));
    await this.#disk.sync();
    return wasThere;
  }
}

function pathOf(key: string): string {
  return encodeURIComponent(key);
}
