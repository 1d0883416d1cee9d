import type { Shutdown } from './child-spec.ts';
import { type ExitReason, kill, shutdown as shutdownReason } from './exit.ts';
import type { Cell, ExitMessage } from './process.ts';
import { CallbackTimer } from './timers.ts';

/**
 * Ends a child as its spec says, and resolves with the reason once it has ended: asked to `shutdown` and killed if it takes too long, or
 * killed at once.
 *
 * The link is taken off first, with an EXIT that may already be in the mailbox: the end of a child that its supervisor asked for is not news
 * to it. A child that unlinked itself is waited for all the same.
 */
export function shutdownChild(
  supervisor: Cell,
  child: Cell,
  shutdown: Shutdown,
): Promise<ExitReason> {
  supervisor.unlink(child);
  supervisor.flush((message) => isExitOf(message, child));
  return new Promise((resolve) => {
    const patience = new CallbackTimer(() => {
      child.receiveExit(supervisor, kill, true);
    });
    child.onEnd((reason) => {
      supervisor.runtime.timers.stop(patience);
      resolve(reason);
    });
    if (shutdown === 'brutalKill') {
      child.receiveExit(supervisor, kill, true);
      return;
    }
    if (shutdown < Infinity && child.isAlive) {
      supervisor.runtime.timers.start(patience, shutdown);
    }
    child.receiveExit(supervisor, shutdownReason, true);
  });
}

function isExitOf(message: unknown, child: Cell): boolean {
  const exit = message as Partial<ExitMessage> | null | undefined;
  return exit?.type === 'EXIT' && exit.pid === child.pid;
}
