import type { Draws } from '../choices/choices.ts';

/** How a disk treats changes that were not synced when the power goes off. */
export interface Loss {
  readonly draws: Draws;
  /** Whether a write may be there in part. */
  readonly tears: boolean;
}

interface Write {
  /** Whether it takes the place of all that was there. */
  readonly replaces: boolean;
  readonly bytes: Buffer;
}

/** The bytes of a file: those that are synced, and the writes since then. */
export class Contents {
  #synced: Buffer = Buffer.alloc(0);
  #unsynced: Write[] = [];

  get bytes(): Buffer {
    return this.#unsynced.reduce(written, this.#synced);
  }

  write(write: Write): void {
    this.#unsynced.push(write);
  }

  sync(): void {
    this.#synced = this.bytes;
    this.#unsynced = [];
  }

  /** Of the writes since the last sync the first ones are there, as many as is drawn. */
  losePower({ draws, tears }: Loss): void {
    const kept = this.#unsynced.length - draws.below(this.#unsynced.length + 1);
    const lost = this.#unsynced[kept];
    this.#unsynced.length = kept;
    if (tears && lost !== undefined) {
      this.#tear(lost, draws.below(lost.bytes.length + 1));
    }
    this.sync();
  }

  /** `length`: so many bytes of the write are there; 0 if it did not begin. */
  #tear({ replaces, bytes }: Write, length: number): void {
    if (length > 0) {
      this.#unsynced.push({ replaces, bytes: bytes.subarray(0, length) });
    }
  }
}

function written(before: Buffer, { replaces, bytes }: Write): Buffer {
  return replaces ? bytes : Buffer.concat([before, bytes]);
}
