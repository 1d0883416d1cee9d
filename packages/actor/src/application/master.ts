import { cellOf, cellOfProcess, isPid } from '../process/cell.ts';
import { ExitError, reasonOf } from '../process/exit-error.ts';
import { badReturnValue, type ExitReason, normal } from '../process/exit-reason.ts';
import { loggerFor } from '../process/extras.ts';
import { formatReason } from '../process/format-reason.ts';
import type { Pid } from '../process/pid.ts';
import type { ExitMessage, Process } from '../process/process.ts';
import { trapExit } from '../process/signals.ts';
import * as GenServer from '../server/gen-server.ts';
import {
  noreply,
  ok,
  type Ok,
  type Reply,
  reply,
  type Stop,
  stop,
  type StopStart,
} from '../server/next.ts';
import { isInstance } from '../shown/reading.ts';
import { explain } from '../supervisor/rules.ts';
import { shutdownChild } from '../supervisor/shutdown.ts';

/**
 * Whether the end of an application ends the system: always (`permanent`), unless its reason is
 * `normal` (`transient`), or never (`temporary`).
 * @see OTP manual, `application:start/2`
 */
export type ApplicationType = 'permanent' | 'transient' | 'temporary';

/**
 * The result of an application's start: its top process, perhaps with a state for `prepStop` and
 * `stop`.
 */
export type StartedApplication<State> = Pid | { readonly pid: Pid; readonly state: State };

/** An application, made by `Application.define`. */
export interface Application {
  readonly name: string;
  /** The applications that have to run before it. */
  readonly applications: readonly Application[];
  readonly start: (self: Process) => Promise<StartedApplication<unknown>>;
  readonly prepStop?: (state: never) => unknown;
  readonly stop?: (state: never) => unknown;
}

/** Called when the end of an application ends the system. */
export type StopSystem = (reason: ExitReason) => void;

/** The argument of the process above an application. */
export interface Starting {
  readonly application: Application;
  readonly type: ApplicationType;
  readonly stopSystem: StopSystem;
}

interface RunningApplication extends Starting {
  readonly top: Pid;
  readonly state: unknown;
  /** Why the top process ended, if that ends the system. */
  readonly fatalReason?: ExitReason;
}

/** Whether the state of an application's process is that of an application that is up. */
export function isRunning(state: unknown): boolean {
  return 'top' in (state as Starting | RunningApplication);
}

type StateFunction = (state: unknown) => unknown;

/**
 * The process above an application: it starts the top process, waits for its end, and runs the
 * callbacks of the application.
 * @see OTP's application master
 */
export const master: GenServer.Behaviour<
  Starting,
  RunningApplication,
  {
    readonly top: (
      payload: undefined,
      running: RunningApplication,
    ) => Reply<Pid, RunningApplication>;
  },
  unknown,
  ExitMessage,
  never,
  Ok<RunningApplication> | StopStart
> = GenServer.define({
  init: async (starting: Starting, self) => {
    trapExit(self, true);
    try {
      return begun(starting, await starting.application.start(self));
    } catch (thrown) {
      if (isInstance(thrown, ExitError)) {
        return stop(thrown.reason);
      }
      throw thrown;
    }
  },
  handleCall: { top: (_, running) => reply(running.top, running) },
  handleInfo: ({ pid }: ExitMessage, running, self) => {
    // A process that lives can send an EXIT as a signal.
    const { reason } = cellOf(running.top);
    return pid === running.top && reason !== undefined
      ? ended(running, reason, self)
      : noreply(running);
  },
  terminate: async (_reason, running, self) => {
    const top = cellOf(running.top);
    const state = top.isAlive ? await runCallback(self, running, 'prepStop') : running.state;
    await shutdownChild(cellOfProcess(self), top, Infinity);
    await runCallback(self, { ...running, state }, 'stop');
    if (running.fatalReason !== undefined) {
      running.stopSystem(running.fatalReason);
    }
  },
});

function begun(starting: Starting, started: unknown): Ok<RunningApplication> | StopStart {
  if (isPid(started)) {
    return ok({ ...starting, top: started, state: undefined });
  }
  const { pid, state } = (started ?? {}) as { readonly pid?: unknown; readonly state?: unknown };
  return isPid(pid) ? ok({ ...starting, top: pid, state }) : stop(badReturnValue(started));
}

function ended(
  running: RunningApplication,
  reason: ExitReason,
  self: Process,
): Stop<RunningApplication> {
  const { type, application } = running;
  const isFatal = type === 'permanent' || (type === 'transient' && reason.type !== 'normal');
  const consequence = isFatal ? `: it is ${type}, the system stops` : '';
  loggerFor(cellOfProcess(self)).error(
    { application: application.name, type, reason: explain(reason) },
    `application ${application.name} ended${consequence}: ${explain(reason)}`,
  );
  return stop(normal, isFatal ? { ...running, fatalReason: reason } : running);
}

/**
 * Runs a callback and resolves with the state that it returns, or else with the one before. An
 * error that it throws is reported, and stops nothing.
 */
async function runCallback(
  self: Process,
  { application, state }: RunningApplication,
  name: 'prepStop' | 'stop',
): Promise<unknown> {
  const callback = application[name] as StateFunction | undefined;
  try {
    return (await callback?.(state)) ?? state;
  } catch (err) {
    const why = formatReason(reasonOf(err));
    loggerFor(cellOfProcess(self)).error(
      { err },
      `application ${application.name}: ${name} failed: ${why}`,
    );
    return state;
  }
}
