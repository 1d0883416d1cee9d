import type { NodeEvent } from '../core/messages.ts';
import { MissingTablesError } from '../store.ts';
import { StartError } from './start-error.ts';

/** For how long a store misses the tables of the cluster. */
export class MissingTables {
  readonly #ttl: number;
  #since: number | undefined = undefined;

  constructor(ttl: number) {
    this.#ttl = ttl;
  }

  /**
   * Takes an event of the node. Returns the error that ends it: the tables are missing for T.
   * Until then a backup may be on its way.
   */
  look(event: NodeEvent, now: number): StartError | undefined {
    if (event.type === 'viewed') {
      // A view reads them all.
      this.#since = undefined;
    }
    if (event.type !== 'failed' || !(event.error instanceof MissingTablesError)) {
      return undefined;
    }
    this.#since ??= now;
    const { message } = event.error;
    return now - this.#since < this.#ttl
      ? undefined
      : new StartError(message, { cause: event.error });
  }
}
