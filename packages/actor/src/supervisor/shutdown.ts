import type { Shutdown } from '../child-spec.ts';
import { CallbackTimer } from '../host/timers.ts';
import type { Cell } from '../process/cell.ts';
import { type ExitReason, kill, shutdown as shutdownReason } from '../process/exit-reason.ts';

/**
 * Ends a child as its spec says, and resolves with the reason once it has ended: asked to
 * `shutdown` and killed if it takes too long, or killed at once.
 *
 * The link is taken off first: the end of a child that its supervisor asked for is not news to it.
 * An EXIT that is already in the mailbox stays there, since looking for it would take as long as
 * the mailbox is; the supervisor will not know the pid any more. A child that unlinked itself is
 * waited for all the same.
 */
export function shutdownChild(
  supervisor: Cell,
  child: Cell,
  shutdown: Shutdown,
): Promise<ExitReason> {
  supervisor.unlink(child);
  child.receiveExit(supervisor, shutdown === 'brutalKill' ? kill : shutdownReason, true);
  // Most end at once, and need no timer.
  return child.reason === undefined
    ? endOf(supervisor, child, shutdown)
    : Promise.resolve(child.reason);
}

/** Waits for the end of a child that traps exits, and kills it when its time is over. */
function endOf(supervisor: Cell, child: Cell, shutdown: Shutdown): Promise<ExitReason> {
  return new Promise((resolve) => {
    const patience = new CallbackTimer(() => {
      child.receiveExit(supervisor, kill, true);
    });
    child.onEnd((reason) => {
      supervisor.runtime.timers.stop(patience);
      resolve(reason);
    });
    if (typeof shutdown === 'number' && shutdown < Infinity) {
      supervisor.runtime.timers.start(patience, shutdown);
    }
  });
}
