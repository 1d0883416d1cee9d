import { oneOfAll } from '../brand.ts';
import type { Logger } from '../host/logger.ts';
import type { Pid } from './pid.ts';

/** A logger of one process, by which it adds its metadata and applies its level. */
export interface ProcessLogger extends Logger {
  /** It lets no report of an error through. */
  readonly isMuted: boolean;
}

/** Fields that few processes have. */
interface Extras {
  readonly label?: unknown;
  readonly logger?: ProcessLogger;
}

/**
 * Those of all processes, of all copies of this package, by their pids. Not fields of the process:
 * each of these would cost memory in all of them.
 */
const extras: WeakMap<Pid, Extras> = /* @__PURE__ */ oneOfAll('extras', () => new WeakMap());

/** Anything that is the process of a pid. */
interface Owner {
  readonly pid: Pid;
}

export function extrasOf({ pid }: Owner): Extras | undefined {
  return extras.get(pid);
}

export function putExtras({ pid }: Owner, change: Extras): void {
  extras.set(pid, { ...extras.get(pid), ...change });
}

/** Where the reports of a process go. */
export function loggerFor(cell: Owner & { readonly runtime: { readonly logger: Logger } }): Logger {
  return extrasOf(cell)?.logger ?? cell.runtime.logger;
}
