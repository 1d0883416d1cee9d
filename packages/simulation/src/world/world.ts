import { provideSystemDefaults } from '@reprise/actor/testing';
import { provideTransport } from '@reprise/sse/testing';

import type { Engine } from '../engine/engine.ts';
import { Incarnation } from '../node/incarnation.ts';
import type { Origins } from '../origin/origins.ts';
import type { Sockets } from '../sockets/sockets.ts';
import { type Escapes, watch } from './escapes.ts';
import { replaceGlobals } from './globals.ts';
import { Hosts } from './hosts.ts';
import { findHostBy } from './node-host.ts';

let holders = 0;
let putBack: (() => void) | undefined;

/**
 * Replaces the globals of the host, until the returned function is called as often as this one. To
 * replace them takes as long as a short run, so a search holds them over all of its runs.
 */
export function holdGlobals(): () => void {
  holders += 1;
  putBack ??= replaceGlobals();
  return () => {
    holders -= 1;
    if (holders === 0) {
      putBack?.();
      putBack = undefined;
    }
  };
}

/**
 * Puts the parts of a simulation in the places of the real ones, while `engine` runs. Returns the
 * function that takes them back.
 */
export function enterWorld(
  engine: Engine,
  escapes: Escapes,
  { origins, sockets }: { readonly origins: Origins; readonly sockets: Sockets },
): () => void {
  const hosts = new Hosts(engine);
  const release = holdGlobals();
  findHostBy(() => hosts.current);
  const unwatch = watch(escapes);
  if (escapes.allowsAny) {
    engine.isOutsideBusy = (isLast) => escapes.isBusy(isLast);
  }
  const restoreDefaults = provideSystemDefaults(() =>
    engine.current instanceof Incarnation ? engine.current.systemOptions() : undefined,
  );
  const takeTransport = provideTransport(() =>
    engine.current === undefined || sockets.areUsedBy(engine.current)
      ? undefined
      : origins.transportFor(engine.current),
  );
  return () => {
    takeTransport();
    restoreDefaults();
    unwatch();
    findHostBy();
    release();
  };
}
