import type { AnyChildSpec } from '../child-spec.ts';
import { cellOf } from '../process/cell.ts';
import { type ExitReason, isAbnormal } from '../process/exit-reason.ts';
import { type Pid } from '../process/pid.ts';
import type { ExitMessage } from '../process/process.ts';
import type { Child, Children } from './children.ts';

/**
 * Why a supervisor ends that has had to restart too often: equal to `shutdown`, as OTP has it, and
 * known all the same, as this very object.
 */
export const gaveUp: ExitReason = { type: 'shutdown' };

/** The restart rule of OTP: whether a child that has ended is started again. */
export function isToRestart({ restart }: AnyChildSpec, reason: ExitReason): boolean {
  return restart === 'permanent' || (restart === 'transient' && isAbnormal(reason));
}

/** Whether the end of a child is to be reported: it is not what was expected of it. */
export function isToReport({ restart }: AnyChildSpec, reason: ExitReason): boolean {
  return restart === 'permanent' || isAbnormal(reason);
}

export function isExit(message: unknown): message is ExitMessage {
  return (message as Partial<ExitMessage> | null | undefined)?.type === 'EXIT';
}

/**
 * Whether an EXIT tells of the end of a child: one that lives may have sent it as a signal, and
 * would run twice if it were started again.
 */
export function isEnd(pid: Pid): boolean {
  return !cellOf(pid).isAlive;
}

/**
 * Whom the restart of a child takes along: nobody (`oneForOne`), all others (`oneForAll`), those
 * started after it (`restForOne`). They are shut down in reverse order and started again in order.
 */
export type Strategy = 'oneForOne' | 'oneForAll' | 'restForOne';

/**
 * Whether the end of a significant child, when it is not restarted, ends the supervisor: never,
 * that of any, or that of the last one.
 * @see OTP manual, `supervisor`, "Automatic Shutdown"
 */
export type AutoShutdown = 'never' | 'anySignificant' | 'allSignificant';

/** Whom the restart of a child takes along, and the child itself, in start order. */
export function takenAlong(strategy: Strategy, child: Child, children: Children): readonly Child[] {
  switch (strategy) {
    case 'oneForOne':
      return [child];
    case 'oneForAll':
      return children.inStartOrder;
    case 'restForOne':
      return children.from(child);
    default:
      return strategy satisfies never;
  }
}
