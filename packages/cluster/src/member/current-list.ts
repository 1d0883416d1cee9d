import { isDeepStrictEqual } from 'node:util';

import type { InvalidRow, Listed, Listing } from '../options/listing.ts';
import type { Failure } from './failures.ts';

/** The streams that a node may own, as the last list has them. */
export class CurrentList {
  #listing: Listing = { listed: new Map(), invalid: [] };
  #failure: Failure | undefined = undefined;

  get listed(): Listed {
    return this.#listing.listed;
  }

  get invalid(): readonly InvalidRow[] {
    return this.#listing.invalid;
  }

  /** Why there is no newer list; `undefined` if there was one at the last question. */
  get failure(): Failure | undefined {
    return this.#failure;
  }

  /** Takes a list. Returns the keys whose data is another one than before. */
  take(listing: Listing): readonly string[] {
    const before = this.listed;
    this.#listing = listing;
    this.#failure = undefined;
    return [...listing.listed.keys()].filter(
      (key) => before.has(key) && !isDeepStrictEqual(before.get(key), listing.listed.get(key)),
    );
  }

  failed(text: string, at: number): void {
    this.#failure = { at, request: 'list', text };
  }
}
