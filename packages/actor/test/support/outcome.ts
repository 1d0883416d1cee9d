import {
  ExitError,
  type ExitReason,
  monitor,
  type Pid,
  spawn,
  type System,
  TimeoutError,
} from '@reprise/actor';
import { settle } from '@reprise/actor/testing';

/** How a promise settled, as a plain value. */
export type Outcome =
  | { readonly value: unknown }
  | { readonly exit: ExitReason }
  | { readonly error: unknown }
  | 'timeout';

/** Handles a rejection at once: a promise may reject before the test awaits the outcome. */
export function outcome(promise: Promise<unknown>): Promise<Outcome> {
  return promise.then((value) => ({ value }), outcomeOf);
}

function outcomeOf(thrown: unknown): Outcome {
  if (thrown instanceof ExitError) {
    return { exit: thrown.reason };
  }
  return thrown instanceof TimeoutError ? 'timeout' : { error: thrown };
}

/** Logs `[name, outcome]` once the promise settles. */
export function logOutcome(log: unknown[], name: string, promise: Promise<unknown>): void {
  void outcome(promise).then((settled) => log.push([name, settled]));
}

/** Logs `[name, reason]` when `pid` ends; resolves once `pid` is monitored. */
export async function logEnd(
  system: System,
  log: unknown[],
  name: string,
  pid: Pid,
): Promise<void> {
  spawn<{ readonly reason: ExitReason }>(system, async (self) => {
    monitor(self, pid);
    const { reason } = await self.receive();
    log.push([name, reason]);
  });
  await settle(system);
}

/** Resolves after `ms` of the system's virtual time. */
export function elapse(system: System, ms: number): Promise<void> {
  return new Promise((resolve) => {
    system.clock.setTimeout(resolve, ms);
  });
}
