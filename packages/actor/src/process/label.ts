import { describe } from '../describe.ts';
import type { Redaction } from '../shown/redaction.ts';
import { snapshot } from '../shown/snapshot.ts';
import { extrasOf } from './extras.ts';
import type { Pid } from './pid.ts';

/**
 * The label of a process in a snapshot of it, as a report shows it: bounded plain data, without
 * secrets. The field is there if the process has a label.
 */
export function labelField(cell: {
  readonly pid: Pid;
  readonly runtime: { readonly redaction: Redaction };
}): { readonly label?: unknown } {
  const label = extrasOf(cell)?.label;
  return label === undefined ? {} : { label: snapshot(label, cell.runtime.redaction) };
}

/** The text after the name of a process: a space and the label, or nothing. */
export function labelSuffix({ label }: { readonly label?: unknown }): string {
  return label === undefined ? '' : ` ${describe(label)}`;
}
