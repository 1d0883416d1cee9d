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

/** What a promise came to, as a plain value. */
export type Outcome =
  | { readonly value: unknown }
  | { readonly exit: ExitReason }
  | { readonly error: unknown }
  | 'timeout';

/** Handles a rejection at once, so that it may come before the test asks for it. */
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
  void outcome(promise).then((came) => log.push([name, came]));
}

/** Logs `[name, reason]` when `pid` ends; resolves once it is watched. */
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

/** Resolves once the virtual time has moved on by `ms`. */
export function elapse(system: System, ms: number): Promise<void> {
  return new Promise((resolve) => {
    system.clock.setTimeout(resolve, ms);
  });
}
