import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';

import type { Clock } from '@reprise/actor';

import type { OpenStore, SeenNode, Store, StoreKind } from '../store.ts';

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
  try {
    // A renewal that was on its way when the process ended changes the value once more.
    for (let dead = await nodesOf(open, pid); dead.length > 0; dead = await nodesOf(open, pid)) {
      await open.observe(randomUUID(), dead, { count: 0, epochs: 0 });
    }
  } finally {
    await open.close();
  }
}

async function nodesOf(open: OpenStore<unknown>, pid: number): Promise<readonly SeenNode[]> {
  const host = hostname();
  const nodes = await open.watch();
  return nodes.filter((node) => node.host === host && node.pid === pid);
}
