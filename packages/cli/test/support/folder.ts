import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach } from '@jest/globals';

/** A folder of each test of a file, which is removed after it. */
export class TestFolder {
  #path = '';

  constructor() {
    beforeEach(async () => {
      this.#path = await realpath(await mkdtemp(join(tmpdir(), 'reprise-')));
    });
    afterEach(() => rm(this.#path, { recursive: true }));
  }

  get path(): string {
    return this.#path;
  }

  file(name: string): string {
    return join(this.#path, name);
  }
}
