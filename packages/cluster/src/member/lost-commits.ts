import type { OwnedCursor, View } from '../store.ts';
import type { OwnedStream } from '../stream/owned-stream.ts';

export interface LostCommitsOptions {
  /** The streams that run on the node. */
  readonly streams: Iterable<OwnedStream>;
  /** Asks the store which of these cursors are others there. */
  readonly compare: (cursors: readonly OwnedCursor[]) => Promise<readonly string[]>;
  /** So many streams go on from the cursors that the store has. */
  readonly found: (count: number) => void;
  readonly failed: (error: unknown) => void;
}

type Move = OwnedStream['begun'];

/**
 * A server that takes over may lack the last commits that the one before it has acknowledged: so it
 * is with an asynchronous standby. A stream learns of it by its next transaction, which finds
 * another cursor. Those that are quiet are compared here, or their last effects would be missing
 * for as long as they are quiet.
 */
export class LostCommits {
  readonly #options: LostCommitsOptions;
  #instance: string | undefined = undefined;
  /** The last transactions that may have gone to the instance before. */
  readonly #open: Map<OwnedStream, Move> = new Map();
  #isAsking = false;

  constructor(options: LostCommitsOptions) {
    this.#options = options;
  }

  /** A view has arrived. */
  look({ instance }: View): void {
    if (this.#instance !== undefined && instance !== this.#instance) {
      for (const stream of this.#options.streams) {
        this.#open.set(stream, stream.begun);
      }
    }
    this.#instance = instance;
    void this.#compare();
  }

  /** Never rejects. What is not compared now is with the next view. */
  async #compare(): Promise<void> {
    const settled = this.#settled();
    if (settled.length === 0 || this.#isAsking) {
      return;
    }
    this.#isAsking = true;
    try {
      const instance = this.#instance;
      const moves = settled.map(({ begun }) => begun).filter((move) => move !== undefined);
      const keys = new Set(await this.#options.compare(moves));
      if (instance === this.#instance) {
        this.#refuse(settled, keys);
      }
    } catch (error) {
      this.#options.failed(error);
    } finally {
      this.#isAsking = false;
    }
  }

  /**
   * Those that can be compared. A transaction that was begun later has found the cursor itself, and
   * a stream that is claimed anew has read it.
   */
  #settled(): readonly OwnedStream[] {
    const running = new Set(this.#open.size === 0 ? [] : this.#options.streams);
    for (const [stream, move] of this.#open) {
      if (!running.has(stream) || move === undefined || stream.begun !== move) {
        this.#open.delete(stream);
      }
    }
    return [...this.#open.keys()].filter(({ begun, committed }) => begun === committed);
  }

  #refuse(compared: readonly OwnedStream[], keys: ReadonlySet<string>): void {
    const lost = compared.filter(
      (stream) => keys.has(stream.key) && stream.begun === this.#open.get(stream),
    );
    for (const stream of compared) {
      this.#open.delete(stream);
    }
    for (const stream of lost) {
      stream.refuse();
    }
    if (lost.length > 0) {
      this.#options.found(lost.length);
    }
  }
}
