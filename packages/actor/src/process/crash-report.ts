import { type Cell, nameOf } from './cell.ts';
import { errorIn, type ExitReason } from './exit-reason.ts';
import { formatReason } from './format-reason.ts';

/**
 * Tells the system's logger that a process ended by its own fault: who it was and below whom, why
 * with the stack, what it had in hand, whom the end takes along.
 * @see OTP, "SASL Error Logging", crash reports
 */
export function reportCrash(cell: Cell, reason: ExitReason, details: object = {}): void {
  const why = formatReason(reason);
  const report = {
    ...errorIn(reason),
    process: String(cell.pid),
    ...(cell.name === undefined ? {} : { registeredName: cell.name }),
    reason: why,
    ...details,
    links: cell.links.map(nameOf),
    ancestors: ancestorsOf(cell),
  };
  cell.runtime.logger.error(report, `process ${nameOf(cell)} crashed: ${why}`);
}

function ancestorsOf(cell: Cell): readonly string[] {
  const names: string[] = [];
  for (let { parent } = cell; parent !== undefined; { parent } = parent) {
    names.push(nameOf(parent));
  }
  return names;
}
