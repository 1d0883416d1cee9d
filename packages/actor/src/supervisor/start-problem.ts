import { isThenable } from '../maybe-promise.ts';
import type { Cell } from '../process/cell.ts';

/**
 * The start of a child: the value that its function returned at once, and the process that it led
 * to.
 */
export interface StartedChild {
  readonly returned: unknown;
  readonly cell: Cell | undefined;
  /** The id of the last process that was made before. */
  readonly lastId: number;
}

/**
 * Why a supervisor cannot supervise the result of a start: the end of an error that begins with
 * `Expected the start of child "a" to`. `undefined` if it can.
 */
export function startProblem(supervisor: Cell, started: StartedChild): string | undefined {
  const { cell } = started;
  if (cell === undefined) {
    return isForgotten(supervisor, started)
      ? 'resolve with a pid, got undefined: is a `return` missing?'
      : undefined;
  }
  if (cell.runtime !== supervisor.runtime) {
    return `start a process of its system, got ${String(cell.pid)} of another system`;
  }
  return undefined;
}

/**
 * Whether the supervisor will not notice the end of a child, since it has no link to it. One that
 * has ended already has no link any more.
 */
export function isUnlinked(supervisor: Cell, { cell }: StartedChild): boolean {
  return cell?.isAlive === true && supervisor.isAlive && !supervisor.isLinked(cell);
}

/**
 * Whether a start without a process forgot its `return`: `ignore` resolves with `undefined`, too. A
 * function that forgot it has returned no promise, or has left a process that lives.
 */
function isForgotten(supervisor: Cell, { returned, lastId }: StartedChild): boolean {
  const isLeft = (cell: Cell): boolean => cell.isChildOf(supervisor.pid) && cell.pid.id > lastId;
  return !isThenable(returned) || supervisor.links.some(isLeft);
}
