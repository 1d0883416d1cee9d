import { isA } from '../brand.ts';
import { type Cell, cellOf, cellOfProcess } from '../process/cell.ts';
import type { Pid } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import { ServerProcess } from '../server/server-process.ts';
import { type Limits, snapshot } from '../shown/snapshot.ts';

/** For a page, and not for a report: less of one value, and no code of the user is called. */
const limits: Limits = { characters: 8000, depth: 4, entries: 50, text: 200, callsNothing: true };

/**
 * A copy of any value as plain data that JSON can hold, made to be shown to a person: 4 levels of
 * at most 50 entries, texts of 200 characters, 8,000 characters in all. It has none of the secrets
 * that the reports of the system hide. No getter, no trap of a proxy and no `toJSON` of a user's
 * class is called.
 * @throws TypeError for anything but a process
 * @example
 * ```ts
 * import { createSystem } from '@reprise/actor';
 * import { shown } from '@reprise/actor/inspect';
 *
 * const system = createSystem({ redact: ['iban'] });
 * console.log(shown(system, { iban: 'DE02…', password: 'x', seats: 3 }));
 * // { iban: '[redacted]', password: '[redacted]', seats: 3 }
 * await system.stop();
 * ```
 */
export function shown(system: Process, value: unknown): unknown {
  return shownFor(cellOfProcess(system, 'system'), value);
}

export function shownFor(cell: Cell, value: unknown): unknown {
  return snapshot(value, cell.runtime.redaction, limits);
}

/**
 * The state of a server as `shown` gives it, or what its `formatStatus` makes of it; `undefined`
 * for a process that is no server, has ended, or has no state yet. The server is not asked by a
 * message: one that is stuck is shown, too.
 * @throws TypeError for anything but a pid
 * @example
 * ```ts
 * import { createSystem, GenServer, ok } from '@reprise/actor';
 * import { shownState } from '@reprise/actor/inspect';
 *
 * const system = createSystem();
 * const shop = GenServer.define({ init: () => ok({ items: 3, token: 'secret' }) });
 * const pid = await GenServer.start(system, shop, undefined);
 * console.log(shownState(pid)); // { items: 3, token: '[redacted]' }
 * await system.stop();
 * ```
 */
export function shownState(pid: Pid): unknown {
  const cell = cellOf(pid);
  return isA(cell, ServerProcess) && cell.isAlive && cell.hasState
    ? shownFor(cell, cell.shownState)
    : undefined;
}
