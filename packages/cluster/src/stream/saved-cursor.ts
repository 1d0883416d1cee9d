import type { CursorStore } from '@reprise/sse';

import type { OwnedStream } from './owned-stream.ts';

/**
 * The cursor of a stream whose effects are outside of the store: its moves are written some time
 * later, together with those of the other streams of the node.
 */
export class SavedCursor implements CursorStore {
  readonly #stream: OwnedStream;

  constructor(stream: OwnedStream) {
    this.#stream = stream;
  }

  get(): object | undefined {
    const { cursor, recent } = this.#stream.claim;
    return cursor === '' ? undefined : { value: cursor, recent };
  }

  set(_key: string, value: string): Promise<void> | undefined {
    this.#stream.cursor = value;
    return this.#stream.host.moved(this.#stream);
  }

  setWithRecent(key: string, value: string, recent: string): Promise<void> | undefined {
    this.#stream.recent = recent;
    return this.set(key, value);
  }
}
