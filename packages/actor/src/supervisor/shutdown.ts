import type { Shutdown } from '../child-spec.ts';
import { CallbackTimer } from '../host/timers.ts';
import type { Cell } from '../process/cell.ts';
import { type ExitReason, kill, shutdown as shutdownReason } from '../process/exit-reason.ts';

/**
 * Ends a child as its spec says, and resolves with the reason once it has ended: asked to
 * `shutdown` and killed when its time is over, or killed at once.
 *
 * The link is removed first: the supervisor caused this end and needs no EXIT for it. An EXIT that
 * is already in the mailbox stays there, because a search would take as long as the mailbox is; the
 * supervisor ignores it, since it no longer knows the pid. A child that has unlinked itself is
 * waited for all the same.
 */
export function shutdownChild(
  supervisor: Cell,
  child: Cell,
  shutdown: Shutdown,
): Promise<ExitReason> {
  supervisor.unlink(child);
  child.receiveExit(supervisor, shutdown === 'brutalKill' ? kill : shutdownReason, true);
  // Most children end at once, and need no timer.
  return child.reason === undefined
    ? endOf(supervisor, child, shutdown)
    : Promise.resolve(child.reason);
}

/** Waits for the end of a child that traps exits, and kills it when its time is over. */
function endOf(supervisor: Cell, child: Cell, shutdown: Shutdown): Promise<ExitReason> {
  return new Promise((resolve) => {
    const gracePeriod = new CallbackTimer(() => {
      child.receiveExit(supervisor, kill, true);
    });
    const wait = { target: child };
    supervisor.addWait(wait);
    child.onEnd((reason) => {
      supervisor.removeWait(wait);
      supervisor.runtime.timers.stop(gracePeriod);
      resolve(reason);
    });
    if (typeof shutdown === 'number' && shutdown < Infinity) {
      supervisor.runtime.timers.start(gracePeriod, shutdown);
    }
  });
}
