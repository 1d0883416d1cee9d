import { isAbnormal, type Process, type System } from '@reprise/actor';

import type { OpenStore } from '../store.ts';

/**
 * Whether the program ends by an error that nobody has caught, such as that of a promise which a
 * handler did not wait for. Any stream may be the reason, so each gets a strike, as after a kill:
 * one that was released in order would end the next program, and the next one.
 */
export function hasFailed({ stopReason }: System): boolean {
  return stopReason !== undefined && isAbnormal(stopReason);
}

/** Its streams are free at once; a node of a program that has failed buries itself. */
export async function leave(
  store: OpenStore<unknown>,
  id: string,
  { system }: Process,
): Promise<void> {
  if (hasFailed(system)) {
    const own = (await store.watch()).filter((node) => node.id === id);
    await store.observe(id, own, { count: 0, epochs: 0 });
  } else {
    await store.leave(id);
  }
}
