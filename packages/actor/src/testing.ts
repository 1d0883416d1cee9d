import { type VirtualClock, virtualClock } from './clock.ts';
import { queueMacrotask } from './host.ts';
import type { Logger } from './logger.ts';
import { cellOfProcess, type System } from './process.ts';
import { createSystem } from './system.ts';

export { virtualClock, type VirtualClock } from './clock.ts';

/** What a system reported, in order. */
export interface Report {
  readonly level: 'error' | 'warn';
  readonly message: string;
  readonly details: object;
}

/** A system for one test: its time stands still until `advance`, and its reports are kept instead of printed. */
export interface TestSystem extends System {
  readonly clock: VirtualClock;
  readonly reports: readonly Report[];
}

/** A system on a virtual clock, which keeps its reports. */
export function createTestSystem(): TestSystem {
  const reports: Report[] = [];
  const keep =
    (level: Report['level']): Logger['error'] =>
    (details, message) => {
      reports.push({ level, message, details });
    };
  const clock = virtualClock();
  const system = createSystem({ clock, logger: { error: keep('error'), warn: keep('warn') } });
  return Object.assign(system as System & { readonly clock: VirtualClock }, { reports });
}

/**
 * Resolves once nothing is left to do: no process is ready, and all microtasks have run. What waits for real I/O or for the clock is not
 * waited for.
 */
export async function settle(system: System): Promise<void> {
  const { scheduler } = cellOfProcess(system, 'system').runtime;
  do {
    await new Promise<void>((resolve) => {
      queueMacrotask(resolve);
    });
  } while (!scheduler.isIdle);
}

/** Moves the virtual time of `system` on by `ms`, timer by timer, settling before each and at the end. */
export async function advance(system: TestSystem, ms: number): Promise<void> {
  await system.clock.advance(ms, () => settle(system));
  await settle(system);
}
