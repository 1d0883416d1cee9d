import { systemClock } from '@reprise/actor';
import type { OpenStore, Store, StoreKind } from '@reprise/cluster';
import type * as Postgres from '@reprise/cluster/postgres';

import type { Place } from '../options/store.ts';
import { Refusal } from './refusal.ts';

/**
 * The store at a place. The driver of Postgres is loaded only for a Postgres. `migrate`: whether
 * its tables are made.
 */
export async function storeAt(
  place: Place,
  migrate: 'auto' | 'check' = 'auto',
): Promise<Store<unknown, StoreKind>> {
  if (place.type === 'file') {
    const { sqlite } = await import('@reprise/cluster/sqlite');
    return sqlite(place.file, { migrate }) as Store<unknown, StoreKind>;
  }
  const { postgres } = await postgresModule();
  return postgres({ url: place.url, migrate }) as Store<unknown, StoreKind>;
}

/** @throws Refusal if pg is not installed. */
export async function postgresModule(): Promise<typeof Postgres> {
  try {
    return await import('@reprise/cluster/postgres');
  } catch (error) {
    if ((error as { readonly code?: string }).code === 'ERR_MODULE_NOT_FOUND') {
      throw new Refusal('Expected the package pg to be installed, got none: npm install pg');
    }
    throw error;
  }
}

/** How long a lease is good, in ms: an eighth of it is the time for a request. */
const ttl = 10_000;

/**
 * Opens the store without being a node, and closes it after `use`.
 * @throws Refusal with the words of the store if it cannot be opened.
 */
export async function withStore<Result>(
  store: Store<unknown, StoreKind>,
  use: (open: OpenStore<unknown>) => Promise<Result>,
): Promise<Result> {
  const nothing = (): void => undefined;
  const options = { ttl, clock: systemClock(), onError: nothing, onWarning: nothing };
  const open = await store.open(options).catch((error: unknown) => {
    throw new Refusal((error as Error).message, { cause: error });
  });
  try {
    return await use(open);
  } finally {
    await open.close();
  }
}
