import { type ExitReason, formatReason } from './exit.ts';
import type { Cell } from './process.ts';

/** Tells the system's logger that a process ended by its own fault: who, and why, with the stack. */
export function reportCrash(cell: Cell, reason: ExitReason, details: object = {}): void {
  const who = cell.name === undefined ? String(cell.pid) : `${cell.name} ${String(cell.pid)}`;
  const err = reason.type === 'crash' ? reason.error : undefined;
  cell.runtime.logger.error(
    { ...(err instanceof Error ? { err } : {}), ...details },
    `process ${who} crashed: ${formatReason(reason)}`,
  );
}
