import type { Store, StoreKind } from '../../src/index.ts';
import { intercepted } from './intercepted.ts';

/** A store and the way to it, which can be cut: no request is executed then, and none answered. */
export interface GatedStore<Tx, Kind extends StoreKind> extends Store<Tx, Kind> {
  cut(): void;
  mend(): void;
}

export function gated<Tx, Kind extends StoreKind>(store: Store<Tx, Kind>): GatedStore<Tx, Kind> {
  let isCut = false;
  return {
    ...intercepted(store, (name, _args, run) =>
      isCut && name !== 'close' ? new Promise(() => undefined) : run(),
    ),
    cut: () => {
      isCut = true;
    },
    mend: () => {
      isCut = false;
    },
  };
}
