import type { Record } from './record.ts';
import { roleOf } from './roles.ts';

/** The events of a stream with `dedupe` that were handled with their ids. */
interface Known {
  readonly numbers: Set<number>;
  last: number;
  /** Whether a client has started since the last of them. */
  hasBegun: boolean;
}

/**
 * Counts the events that `dedupe` should have dropped. An event may come again if its client ended
 * between the end of its handler and the write right after that: it is then the last one, and
 * another client has started. An event without an id cannot be told from its repeats.
 */
export class Repeats {
  count = 0;
  readonly #streams = new Map<string, Known>();

  began(stream: string): void {
    this.#of(stream).hasBegun = true;
  }

  handled({ stream, number, hasId }: Record & { readonly type: 'handled' }): void {
    if (!hasId || !roleOf(stream).dedupe) {
      return;
    }
    const known = this.#of(stream);
    const isExcused = known.hasBegun && number === known.last;
    this.count += known.numbers.has(number) && !isExcused ? 1 : 0;
    known.numbers.add(number);
    known.last = number;
    known.hasBegun = false;
  }

  #of(stream: string): Known {
    const known = this.#streams.get(stream);
    if (known !== undefined) {
      return known;
    }
    const created = { numbers: new Set<number>(), last: 0, hasBegun: false };
    this.#streams.set(stream, created);
    return created;
  }
}
