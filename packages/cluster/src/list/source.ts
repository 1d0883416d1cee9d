import type { Listing } from '../options/listing.ts';
import type { Settings } from '../options/settings.ts';
import type { OpenStore } from '../store.ts';
import { askFunction, type Asking } from './asked-function.ts';
import { AskedTable } from './asked-table.ts';

/** Where a lister gets the list from. */
export interface Source {
  /** In ms, after an answer; Infinity: it is asked once. */
  readonly every: number;
  /** Resolves to `undefined` if there was no change. */
  readonly ask: () => Promise<Listing | undefined>;
}

/** The source that the option `streams` decides on. */
export function sourceOf(
  { settings, store }: { readonly settings: Settings; readonly store: OpenStore<unknown> },
  asking: Asking,
): Source {
  const { streams, ttl } = settings;
  switch (streams.type) {
    case 'fixed':
      return { every: Infinity, ask: async () => ({ listed: streams.listed, invalid: [] }) };
    case 'function':
      return { every: streams.refresh, ask: () => askFunction(streams, asking) };
    case 'rows': {
      const table = new AskedTable(streams.rows, store, asking.clock);
      return { every: ttl / 4, ask: () => table.ask() };
    }
    default:
      return streams satisfies never;
  }
}
