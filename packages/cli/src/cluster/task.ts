import { existsSync } from 'node:fs';

import { type Place, placeOf } from '../options/store.ts';
import { defined, expected, UsageError, wholeNumber } from '../options/usage.ts';

/** The options as commander reads them. */
export interface GivenClusterOptions {
  readonly store?: string;
  readonly json?: true;
  readonly limit?: string;
  readonly role?: string;
  readonly schema?: string;
}

/** The arguments of `reprise cluster`, checked. */
export type ClusterTask =
  | {
      readonly type: 'status';
      readonly place: Place;
      readonly json: boolean;
      /** The most streams that are printed. */
      readonly limit: number;
    }
  | { readonly type: 'sql'; readonly engine: 'sqlite' }
  | {
      readonly type: 'sql';
      readonly engine: 'postgres';
      readonly role?: string;
      readonly schema?: string;
    }
  | {
      readonly type: 'retry';
      readonly place: Place;
      readonly json: boolean;
      readonly key: string;
    };

export function readStatus(given: GivenClusterOptions): ClusterTask {
  const limit = wholeNumber('--limit', given.limit) ?? 1000;
  return { type: 'status', place: placeIn(given), json: given.json === true, limit };
}

/** The store is not opened: it need not be there. */
export function readSql({ store, role, schema }: GivenClusterOptions): ClusterTask {
  const options = defined({ role, schema });
  for (const [name, text] of Object.entries(options)) {
    if (text === '' || Buffer.byteLength(text) > 63) {
      throw expected(`--${name} to be a name of 1 to 63 bytes`, text);
    }
  }
  if (store === undefined || placeOf(store).type === 'postgres') {
    return { type: 'sql', engine: 'postgres', ...options };
  }
  const [name] = Object.keys(options);
  if (name !== undefined) {
    throw expected(`--${name} only for a Postgres, which has roles and schemas`, store);
  }
  return { type: 'sql', engine: 'sqlite' };
}

export function readRetry(key: string, given: GivenClusterOptions): ClusterTask {
  return { type: 'retry', place: placeIn(given), json: given.json === true, key };
}

/** @throws a `UsageError` also for a file that is not there: a look makes none */
function placeIn({ store }: GivenClusterOptions): Place {
  if (store === undefined) {
    throw new UsageError('Expected --store with a file or a URL of Postgres, got none');
  }
  const place = placeOf(store);
  if (place.type === 'file' && !existsSync(place.file)) {
    throw expected('--store to name a file that is there', place.file);
  }
  return place;
}
