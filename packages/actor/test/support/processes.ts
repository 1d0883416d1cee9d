import { exit, spawn, trapExit } from '@reprise/actor';
import type { ExitError, ExitReason, Process, Receiver, System } from '@reprise/actor';
import { settle } from '@reprise/actor/testing';

/** The messages that the processes of one test received, in order. */
export type Log = [name: string, message: unknown][];

type Body = (self: Receiver<unknown>) => Promise<void>;

/** Starts a process and returns its `self`: the test can then act as that process. */
async function startPuppet(system: System, body: Body): Promise<Receiver<unknown>> {
  let captured: Receiver<unknown> | undefined;
  spawn<unknown>(system, (self) => {
    captured = self;
    return body(self);
  });
  await settle(system);
  return captured as Receiver<unknown>;
}

/** A process that logs every message under `name`. `traps`: it traps exits. */
export function recordingProcess(
  system: System,
  log: Log,
  name: string,
  { traps = false }: { readonly traps?: boolean } = {},
): Promise<Receiver<unknown>> {
  return startPuppet(system, async (self) => {
    trapExit(self, traps);
    for (;;) {
      log.push([name, await self.receive()]);
    }
  });
}

/** A process that does nothing: its messages stay in its mailbox. `traps`: it traps exits. */
export function idleProcess(
  system: System,
  { traps = false }: { readonly traps?: boolean } = {},
): Promise<Receiver<unknown>> {
  return startPuppet(system, async (self) => {
    trapExit(self, traps);
    await forever();
  });
}

/** A process that exits with the reason it is sent. */
export function exitingProcess(system: System): Promise<Receiver<unknown>> {
  return startPuppet(system, async (self) => {
    exit(self, (await self.receive()) as ExitReason);
  });
}

/** A promise that never settles. */
export function forever(): Promise<never> {
  return new Promise(() => {});
}

/** Why a process ended; `undefined` while it lives. */
export function exitReasonOf(process: Process): ExitReason | undefined {
  return process.signal.aborted ? (process.signal.reason as ExitError).reason : undefined;
}

/** Empties the mailbox of a process that is not receiving. */
export async function drain(process: Receiver<unknown>): Promise<unknown[]> {
  const messages: unknown[] = [];
  while (process.messageQueueLen > 0) {
    messages.push(await process.receive());
  }
  return messages;
}
