import { randomUUID } from 'node:crypto';

import type { Clock } from '@reprise/actor';

import { burialOf } from '../core/burial.ts';
import { hostOfProcess } from '../host.ts';
import type { NodeRow, OpenStore, SeenNode, Store, StoreKind } from '../store.ts';

/** For the requests of a burial, in ms: an eighth of it each. */
const ttl = 10_000;

/**
 * Buries the nodes of a process of this machine that has ended, so that its streams are free at
 * once, and not only when its leases are over. A node that has left in order has no row.
 */
export async function bury(
  store: Store<unknown, StoreKind>,
  pid: number,
  clock: Clock,
): Promise<void> {
  const nothing = (): void => undefined;
  const open = await store.open({ ttl, clock, onError: nothing, onWarning: nothing });
  const burial = burialOf({ host: hostOfProcess(), pid });
  try {
    for (let next = burial.next(); next.done !== true;) {
      next = burial.next(await nodesWithout(next.value, open));
    }
  } finally {
    await open.close();
  }
}

async function nodesWithout(
  dead: readonly SeenNode[],
  open: OpenStore<unknown>,
): Promise<readonly NodeRow[]> {
  if (dead.length === 0) {
    return open.watch();
  }
  const { nodes } = await open.observe(randomUUID(), dead, { count: 0, epochs: 0 });
  return nodes;
}
