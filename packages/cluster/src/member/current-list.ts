import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';

import type { NodeEvent } from '../core/messages.ts';
import type { InvalidRow, Listed as Streams, Listing } from '../options/listing.ts';
import type { Failure } from './failure.ts';

type Listed = Extract<NodeEvent, { readonly type: 'listed' }>;

/** The streams that a node may own, as the last list has them. */
export class CurrentList {
  #listing: Listing = { listed: new Map(), invalid: [] };
  #failure: Failure | undefined = undefined;

  get listed(): Streams {
    return this.#listing.listed;
  }

  get invalid(): readonly InvalidRow[] {
    return this.#listing.invalid;
  }

  /** Why there is no newer list; `undefined` if there was one at the last question. */
  get failure(): Failure | undefined {
    return this.#failure;
  }

  /** Takes a list. Returns the event that tells the core of it. */
  take(listing: Listing): Listed {
    const before = this.listed;
    this.#listing = listing;
    this.#failure = undefined;
    const keys = [...listing.listed.keys()];
    const changed = keys.filter(
      (key) => before.has(key) && !isDeepStrictEqual(before.get(key), listing.listed.get(key)),
    );
    return { type: 'listed', keys, changed, specs: this.#specs };
  }

  /** A short text of the data of each stream: another one for other data. */
  get #specs(): ReadonlyMap<string, string> {
    return new Map(Array.from(this.listed, ([key, data]) => [key, specOf(data)]));
  }

  failed(text: string, at: number): void {
    this.#failure = { at, request: 'list', text };
  }
}

/** Data that JSON cannot have is no reason to start a parked stream again. */
function specOf(data: unknown): string {
  try {
    const text = data === undefined ? undefined : JSON.stringify(data);
    return text === undefined
      ? ''
      : createHash('sha256').update(text).digest('base64url').slice(0, 16);
  } catch {
    return '';
  }
}
