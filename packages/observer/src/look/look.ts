import type { System } from '@reprise/actor';

import { recordedOf } from '../recording/record.ts';
import { type Look, Looker } from './looker.ts';

const lookers: WeakMap<System, Looker> = /* @__PURE__ */ new WeakMap();

/**
 * Looks at a system once: no process is asked, and nothing waits for one that is stuck. It begins
 * the recording of the system, if nobody has: before that, nothing is known of restarts and losses.
 * @throws TypeError for anything but a system
 * @example
 * ```ts
 * import { GenServer, noreply, ok } from '@reprise/actor';
 * import { advance, createTestSystem } from '@reprise/actor/testing';
 * import { look } from '@reprise/observer';
 *
 * const printer = GenServer.define({
 *   init: () => ok(0),
 *   handleCast: { print: (_page: string, state) => new Promise<never>(() => state) },
 * });
 * const system = createTestSystem();
 * const pid = await GenServer.start(system, printer, undefined, { name: 'printer' });
 * GenServer.cast(pid, 'print', 'page 1');
 * GenServer.cast(pid, 'print', 'page 2');
 * await advance(system, 61_000);
 * const [{ path, callback, messages } = {}] = look(system).awaiting;
 * console.log(path, callback, messages); // printer handleCast.print 1
 * await system.stop();
 * ```
 */
export function look(system: System): Look {
  const recorded = recordedOf(system);
  const looker = lookers.get(system) ?? new Looker(system);
  lookers.set(system, looker);
  return looker.look(recorded);
}
