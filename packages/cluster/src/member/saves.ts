import type { SavedRow } from '../store.ts';
import type { OwnedStream } from '../stream/owned-stream.ts';

/** A stream waits once the store lacks so many of its moves: after a crash they come again. */
const mostUnsaved = 10_000;

export interface SavesOptions {
  /** Writes the rows; resolves with the keys of those that were not refused. */
  readonly save: (rows: readonly SavedRow[]) => Promise<readonly string[]>;
  /** Calls `flush`: soon, so that one request has all streams that move until then; or now. */
  readonly plan: (when: 'soon' | 'now') => void;
  readonly failed: (error: unknown) => void;
}

/** The moves of a stream that a request has. */
interface Sent {
  readonly stream: OwnedStream;
  readonly row: SavedRow;
  readonly moves: number;
}

/** Writes the cursors of a node: all that have moved in one request, one request at a time. */
export class Saves {
  readonly #options: SavesOptions;
  readonly #moved: Set<OwnedStream> = new Set();
  readonly #waiting: Map<OwnedStream, PromiseWithResolvers<void>> = new Map();
  #inFlight: Promise<void> | undefined = undefined;

  constructor(options: SavesOptions) {
    this.#options = options;
  }

  /** A cursor has moved. Its stream waits for the promise, if the store is far behind. */
  moved(stream: OwnedStream): Promise<void> | undefined {
    stream.unsaved += 1;
    if (this.#moved.size === 0) {
      this.#options.plan('soon');
    }
    this.#moved.add(stream);
    return stream.unsaved < mostUnsaved ? undefined : this.#wait(stream);
  }

  /** Writes the cursors that have moved, after the request in flight. Never rejects. */
  async flush(): Promise<void> {
    await this.#inFlight;
    if (this.#moved.size > 0 && this.#inFlight === undefined) {
      this.#inFlight = this.#write();
      await this.#inFlight;
    }
  }

  /** The lease is over: nothing of this life is written any more. */
  clear(): void {
    this.#moved.clear();
    this.#waiting.clear();
  }

  #wait(stream: OwnedStream): Promise<void> {
    const waiting = this.#waiting.get(stream) ?? Promise.withResolvers<void>();
    this.#waiting.set(stream, waiting);
    this.#options.plan('now');
    return waiting.promise;
  }

  async #write(): Promise<void> {
    const sent = [...this.#moved].map(sentOf);
    this.#moved.clear();
    try {
      const saved = new Set(await this.#options.save(sent.map(({ row }) => row)));
      for (const each of sent) {
        this.#answered(each, saved.has(each.row.key));
      }
    } catch (error) {
      this.#options.failed(error);
      this.#again(sent);
    } finally {
      this.#inFlight = undefined;
    }
  }

  #answered({ stream, moves }: Sent, isSaved: boolean): void {
    if (!isSaved) {
      stream.refuse();
      return;
    }
    stream.unsaved -= moves;
    this.#waiting.get(stream)?.resolve();
    this.#waiting.delete(stream);
  }

  /** The next request has them again, with the cursors as they are then. */
  #again(sent: readonly Sent[]): void {
    for (const { stream } of sent.filter(({ stream }) => !stream.isOver)) {
      this.#moved.add(stream);
    }
    if (this.#moved.size > 0) {
      this.#options.plan('soon');
    }
  }
}

function sentOf(stream: OwnedStream): Sent {
  const { key, epoch, cursor, recent, unsaved: moves } = stream;
  return { stream, row: { key, epoch, cursor, recent }, moves };
}
