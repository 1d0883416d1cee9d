import { exit, spawn, trapExit } from '@reprise/actor';
import type { ExitError, ExitReason, Process, Receiver, System } from '@reprise/actor';
import { settle } from '@reprise/actor/testing';

/** What happened in one test, in order: who got which message. */
export type Log = [who: string, message: unknown][];

type Body = (self: Receiver<unknown>) => Promise<void>;

/** A process whose `self` is handed out, so that a test can act in its place. */
async function puppet(system: System, body: Body): Promise<Receiver<unknown>> {
  let handedOut: Receiver<unknown> | undefined;
  spawn<unknown>(system, (self) => {
    handedOut = self;
    return body(self);
  });
  await settle(system);
  return handedOut as Receiver<unknown>;
}

/** Logs every message that it gets, under `name`. */
export function recorder(
  system: System,
  log: Log,
  name: string,
  { traps = false }: { readonly traps?: boolean } = {},
): Promise<Receiver<unknown>> {
  return puppet(system, async (self) => {
    trapExit(self, traps);
    for (;;) {
      log.push([name, await self.receive()]);
    }
  });
}

/** Does nothing, for ever: its messages stay in its mailbox. */
export function idler(
  system: System,
  { traps = false }: { readonly traps?: boolean } = {},
): Promise<Receiver<unknown>> {
  return puppet(system, async (self) => {
    trapExit(self, traps);
    await forever();
  });
}

/** Exits with the reason that it is sent. */
export function exiter(system: System): Promise<Receiver<unknown>> {
  return puppet(system, async (self) => {
    exit(self, (await self.receive()) as ExitReason);
  });
}

export function forever(): Promise<never> {
  return new Promise(() => {});
}

/** Why a process ended; `undefined` while it lives. */
export function endOf(process: Process): ExitReason | undefined {
  return process.signal.aborted ? (process.signal.reason as ExitError).reason : undefined;
}

/** Takes what is in the mailbox of a process that is not receiving. */
export async function drain(process: Receiver<unknown>): Promise<unknown[]> {
  const messages: unknown[] = [];
  while (process.messageQueueLen > 0) {
    messages.push(await process.receive());
  }
  return messages;
}
