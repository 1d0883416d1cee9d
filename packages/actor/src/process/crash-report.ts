import { listed } from '../shown/clip.ts';
import { type Cell, nameOf } from './cell.ts';
import { errorIn, type ExitReason } from './exit-reason.ts';
import { formatReason } from './format-reason.ts';

/**
 * Logs the crash of a process: its name, its ancestors, the reason with its stack, the message that
 * it was handling, and the processes linked to it, which may end with it.
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
    links: listed(cell.links, nameOf),
    ancestors: ancestorsOf(cell),
  };
  cell.runtime.logger.error(report, `process ${nameOf(cell)} crashed: ${why}`);
}

/** Up to the first that has ended. */
function ancestorsOf(cell: Cell): readonly string[] {
  const names: string[] = [];
  for (let { parent } = cell; parent !== undefined; { parent } = parent) {
    if (names.length === mostAncestors) {
      return [...names, '…'];
    }
    names.push(nameOf(parent));
  }
  return names;
}

const mostAncestors = 20;
