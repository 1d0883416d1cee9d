import { oneOfAll } from '../brand.ts';
import { listed } from '../shown/clip.ts';
import { defaultRedaction } from '../shown/redaction.ts';
import { type Cell, nameOf, pidAndLabel } from './cell.ts';
import { errorIn, type ExitReason } from './exit-reason.ts';
import { extrasOf, loggerFor } from './extras.ts';
import { formatReason } from './format-reason.ts';
import { labelField } from './label.ts';

/**
 * Logs the crash of a process: the child that it is, its name and label, the reason with its stack,
 * the message that it was handling, its ancestors, and the processes linked to it, which may end
 * with it.
 * @see OTP, "SASL Error Logging", crash reports
 */
export function reportCrash(cell: Cell, reason: ExitReason, details: object = {}): void {
  const { parent } = cell;
  const child = parent?.idOfChild(cell.pid);
  const why = formatReason(reason);
  const report = {
    ...(child === undefined || parent === undefined ? {} : { child, supervisor: nameOf(parent) }),
    ...(cell.name === undefined ? {} : { registeredName: cell.name }),
    process: String(cell.pid),
    ...labelField(cell),
    reason: why,
    ...errorIn(reason),
    ...details,
    links: listed(cell.links, nameOf),
    ancestors: ancestorsOf(cell),
  };
  if (extrasOf(cell)?.logger?.isMuted !== true) {
    reported.add(cell);
  }
  cell.runtime.witnesses?.tell('crashed', cell.pid, reason, details);
  loggerFor(cell).error(report, `${titleOf(cell, child)} crashed: ${why}`);
}

/** Processes, of all copies of this package, whose end needs no second report by a supervisor. */
const reported: WeakSet<Cell> = /* @__PURE__ */ oneOfAll('reported ends', () => new WeakSet());

/**
 * The end of the process has been reported, or will be by a better report than its supervisor's.
 */
export function markReported(cell: Cell): void {
  reported.add(cell);
}

export function isReported(cell: Cell): boolean {
  return reported.has(cell);
}

function titleOf(cell: Cell, child: string | undefined): string {
  return child === undefined || cell.parent === undefined
    ? `process ${nameOf(cell)}`
    : `${nameOfChild(child, cell)} of supervisor ${nameOf(cell.parent)}`;
}

/** A child in the message of a report: `child "prices" (#Pid<3>)`. */
export function nameOfChild(id: string, cell: Cell | undefined): string {
  const name = cell?.name === undefined || cell.name === id ? [] : [cell.name];
  const pid = cell === undefined ? [] : [pidAndLabel(cell)];
  const names = [...name, ...pid];
  return `child ${JSON.stringify(defaultRedaction.clip(id, 100))}${names.length === 0 ? '' : ` (${names.join(', ')})`}`;
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
