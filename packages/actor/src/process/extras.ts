import { oneOfAll } from '../brand.ts';
import type { Logger } from '../host/logger.ts';

/** A logger of one process, by which it adds its metadata and applies its level. */
export interface ProcessLogger extends Logger {
  /** It lets no report of an error through. */
  readonly isMuted: boolean;
}

/** What few processes have. */
interface Extras {
  readonly label?: unknown;
  readonly logger?: ProcessLogger;
}

/**
 * Those of all processes, of all copies of this package. Not fields of the process: each of these
 * would cost memory in all of them.
 */
const extras: WeakMap<object, Extras> = /* @__PURE__ */ oneOfAll('extras', () => new WeakMap());

export function extrasOf(cell: object): Extras | undefined {
  return extras.get(cell);
}

export function putExtras(cell: object, change: Extras): void {
  extras.set(cell, { ...extras.get(cell), ...change });
}

/** Where the reports of a process go. */
export function loggerFor(cell: { readonly runtime: { readonly logger: Logger } }): Logger {
  return extrasOf(cell)?.logger ?? cell.runtime.logger;
}
