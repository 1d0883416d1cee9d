import type { NodeEvent } from '@reprise/cluster/core';

import type { Chance } from './chance.ts';

/** The streams of a list, with the version of the data of each. */
export type Listing = ReadonlyMap<string, number>;

/** How a list may change: a stream leaves it, comes, or has other data. */
export function changed(listing: Listing, keys: readonly string[], sim: Chance): Listing {
  const key = sim.pick(keys);
  const next = new Map(listing);
  const version = next.get(key);
  if (version !== undefined && sim.below(2) === 1) {
    next.delete(key);
  } else {
    // Nobody has had data of this version.
    next.set(key, Math.max(0, ...listing.values()) + 1 + sim.below(1000));
  }
  return next;
}

/** The event that tells a node of its list. */
export function listedEvent(before: Listing, listing: Listing): NodeEvent {
  const keys = [...listing.keys()];
  return {
    type: 'listed',
    keys,
    changed: keys.filter((key) => before.has(key) && before.get(key) !== listing.get(key)),
    specs: new Map(Array.from(listing, ([key, version]) => [key, `version ${version}`])),
  };
}
