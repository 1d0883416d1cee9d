import { cellOf } from '../process/cell.ts';
import type { Child } from './children.ts';
import { consequenceOf } from './rules.ts';

/**
 * Whether a child runs, or is to be started again. A process that has ended does not run, although
 * its supervisor may learn of that late: it handles no message while it starts another child.
 */
export function childStateOf({ spec, pid }: Child): 'running' | 'restarting' | 'stopped' {
  if (typeof pid !== 'object') {
    return pid ?? 'stopped';
  }
  const { reason } = cellOf(pid);
  if (reason === undefined) {
    return 'running';
  }
  return consequenceOf(spec, reason) === 'restart' ? 'restarting' : 'stopped';
}
