import type { Outcome } from '../store.ts';
import type { OwnedStream } from '../stream/owned-stream.ts';

interface Crashes {
  /** The first crash since an event was handled. */
  readonly since: number;
  readonly lastAt: number;
}

/** After so many ms a stream that is neither here nor free is one of another node. */
const surelyMoved = 5000;

/** The streams of a node whose clients crash again and again, without an event in between. */
export class CrashRecord {
  readonly #crashes: Map<string, Crashes> = new Map();

  since(key: string): number | undefined {
    return this.#crashes.get(key)?.since;
  }

  /** By key: since when each crashes. */
  *all(): Iterable<readonly [key: string, since: number]> {
    for (const [key, { since }] of this.#crashes) {
      yield [key, since];
    }
  }

  /** The client of a stream has ended. */
  note({ key, hasHandled }: OwnedStream, outcome: Outcome, now: number): void {
    if (outcome === 'crashed') {
      const since = hasHandled ? now : (this.since(key) ?? now);
      this.#crashes.set(key, { since, lastAt: now });
    } else {
      this.#crashes.delete(key);
    }
  }

  /** A view has arrived: a stream that is neither free nor `here` may be one of another node. */
  look(free: ReadonlySet<string>, isHere: (key: string) => boolean, now: number): void {
    for (const [key, { lastAt }] of this.#crashes) {
      if (!free.has(key) && !isHere(key) && now - lastAt > surelyMoved) {
        this.#crashes.delete(key);
      }
    }
  }
}
