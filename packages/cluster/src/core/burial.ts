import type { NodeRow, SeenNode } from '../store.ts';

/**
 * Buries the nodes of a process that has ended, so that their streams are free before their leases
 * are over. Yields the nodes to bury, none at first, and is given those that the store has then. A
 * renewal that was on its way when the process ended changes the value once more, so this goes on
 * until the store has none of them.
 */
export function* burialOf({
  host,
  pid,
}: Pick<NodeRow, 'host' | 'pid'>): Generator<readonly SeenNode[], void, readonly NodeRow[]> {
  let dead: readonly SeenNode[] = [];
  do {
    const nodes = yield dead;
    dead = nodes.filter((node) => node.host === host && node.pid === pid);
  } while (dead.length > 0);
}
