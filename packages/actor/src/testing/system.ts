import { queueMacrotask } from '../host.ts';
import { type VirtualClock, virtualClock } from '../host/clock.ts';
import type { Logger } from '../host/logger.ts';
import { cellOfProcess } from '../process/cell.ts';
import type { System } from '../process/process.ts';
import { createSystem } from '../process/system.ts';

/** One report of a system to its logger. */
export interface Report {
  readonly level: 'error' | 'warn';
  readonly message: string;
  readonly details: object;
}

/** A system for one test: its time stands still until `advance`, and its reports are kept. */
export interface TestSystem extends System {
  readonly clock: VirtualClock;
  readonly reports: readonly Report[];
}

/**
 * A new system on a virtual clock, which keeps its reports. Callbacks that hold the thread are not
 * reported: their real time depends more on the machine than on the test.
 * @example
 * ```ts
 * import { spawn } from '@reprise/actor';
 * import { createTestSystem, settle } from '@reprise/actor/testing';
 *
 * const system = createTestSystem();
 * spawn(system, () => {
 *   throw new Error('boom');
 * });
 * await settle(system);
 * console.log(system.reports.map(({ message }) => message)); // [ 'process #Pid<2> crashed: Error: boom' ]
 * ```
 */
export function createTestSystem(): TestSystem {
  const reports: Report[] = [];
  const keep =
    (level: Report['level']): Logger['error'] =>
    (details, message) => {
      reports.push({ level, message, details });
    };
  const clock = virtualClock();
  const logger = { error: keep('error'), warn: keep('warn') };
  const system = createSystem({ clock, logger, slowCallback: Infinity });
  return Object.assign(system as System & { readonly clock: VirtualClock }, { reports });
}

/**
 * Resolves once no process is ready and all microtasks have run. It does not wait for I/O or for
 * the clock.
 * @example
 * ```ts
 * import { send, spawn } from '@reprise/actor';
 * import { createTestSystem, settle } from '@reprise/actor/testing';
 *
 * const system = createTestSystem();
 * const got: string[] = [];
 * const pid = spawn<string>(system, async (self) => {
 *   got.push(await self.receive());
 * });
 * send(pid, 'hello');
 * await settle(system);
 * console.log(got); // [ 'hello' ]
 * ```
 */
export async function settle(system: System): Promise<void> {
  const { scheduler } = cellOfProcess(system, 'system').runtime;
  do {
    await new Promise<void>((resolve) => {
      queueMacrotask(resolve);
    });
  } while (!scheduler.isIdle);
}

/**
 * Moves the virtual time of `system` by `ms`, from timer to timer; the system settles before each
 * and at the end.
 * @example
 * ```ts
 * import { sendAfter, spawn } from '@reprise/actor';
 * import { advance, createTestSystem } from '@reprise/actor/testing';
 *
 * const system = createTestSystem();
 * const got: string[] = [];
 * const pid = spawn<string>(system, async (self) => {
 *   got.push(await self.receive());
 * });
 * sendAfter(pid, 'an hour later', 3_600_000);
 * await advance(system, 3_600_000);
 * console.log(got); // [ 'an hour later' ]
 * ```
 */
export async function advance(system: TestSystem, ms: number): Promise<void> {
  await system.clock.advance(ms, () => settle(system));
  await settle(system);
}
