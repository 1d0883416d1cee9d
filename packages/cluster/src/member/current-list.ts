import type { Listed } from '../options/listing.ts';
import type { Failure } from './failures.ts';

/** The streams that a node may own, as the last list has them. */
export class CurrentList {
  #listed: Listed = new Map();
  #failure: Failure | undefined = undefined;

  get listed(): Listed {
    return this.#listed;
  }

  /** Why there is no newer list; `undefined` if there was one at the last question. */
  get failure(): Failure | undefined {
    return this.#failure;
  }

  take(listed: Listed): void {
    this.#listed = listed;
    this.#failure = undefined;
  }

  failed(text: string, at: number): void {
    this.#failure = { at, request: 'list', text };
  }
}
