import { badReturnValue, ExitError, type ExitReason, formatReason, normal } from './exit.ts';
import * as GenServer from './gen-server.ts';
import { noreply, ok, reply, stop } from './next.ts';
import { isPid, type Pid } from './pid.ts';
import { cellOf, cellOfProcess, type ExitMessage, type Process } from './process.ts';
import { tell } from './report.ts';
import { shutdownChild } from './shutdown.ts';
import { trapExit } from './signals.ts';

/**
 * What the end of an application is to the others: nothing (`temporary`), the end of the whole system unless it ended `normal` (`transient`), or the end
 * of the system in any case (`permanent`).
 * @see OTP manual, `application:start/2`
 */
export type ApplicationType = 'permanent' | 'transient' | 'temporary';

/** What the start of an application gives: its top process, perhaps with a state for `prepStop` and `stop`. */
export type StartedApplication<State> = Pid | { readonly pid: Pid; readonly state: State };

/** An application of whatever state: made by `application.define`. */
export interface Application {
  readonly name: string;
  /** What has to run before it. */
  readonly applications: readonly Application[];
  readonly start: (self: Process<never>) => Promise<StartedApplication<unknown>>;
  readonly prepStop?: (state: never) => unknown;
  readonly stop?: (state: never) => unknown;
}

/** What the process of an application is started with. */
export interface Starting {
  readonly application: Application;
  readonly type: ApplicationType;
}

interface Running extends Starting {
  readonly top: Pid;
  readonly state: unknown;
}

type Callback = (state: unknown) => unknown;

/** The process above an application: it starts the top process, waits for its end, and is where the callbacks of the application run. */
export const master = GenServer.define({
  init: async ({ application, type }: Starting, self) => {
    trapExit(self, true);
    try {
      const started: unknown = await application.start(self);
      const { pid, state } = (isPid(started) ? { pid: started } : (started ?? {})) as Partial<Running & { pid: Pid }>;
      return isPid(pid)
        ? ok<Running>({ application, type, top: pid, state })
        : stop(badReturnValue(started));
    } catch (thrown) {
      if (thrown instanceof ExitError) {
        return stop(thrown.reason);
      }
      throw thrown;
    }
  },
  handleCall: { top: (_, running) => reply(running.top, running) },
  handleInfo: ({ pid, reason }: ExitMessage, running, self) =>
    pid === running.top ? ended(running, reason, self) : noreply(running),
  terminate: async (_reason, running, self) => {
    const { prepStop, stop } = running.application;
    const { top } = running;
    const isUp = cellOf(top).isAlive;
    const state = isUp ? await run(self, running, 'prepStop', prepStop as Callback) : running.state;
    await shutdownChild(cellOfProcess(self), cellOf(top), Infinity);
    await run(self, { ...running, state }, 'stop', stop as Callback);
  },
});

function ended(running: Running, reason: ExitReason, self: Process<never>): ReturnType<typeof stop<Running>> {
  const { type, application } = running;
  const isGrave = type === 'permanent' || (type === 'transient' && reason.type !== 'normal');
  const consequence = isGrave ? `; it is ${type}: the system stops` : '';
  tell(
    cellOfProcess(self),
    { application: application.name, type },
    `application ${application.name} ended: ${formatReason(reason)}${consequence}`,
  );
  if (isGrave) {
    void self.system.stop();
  }
  return stop(normal, running);
}

/** What a callback makes of the state. One that throws is told of, and stops nothing. */
async function run(
  self: Process<never>,
  { application, state }: Running,
  name: 'prepStop' | 'stop',
  callback: Callback | undefined,
): Promise<unknown> {
  try {
    return callback === undefined ? state : await callback(state);
  } catch (err) {
    const text = err instanceof Error ? String(err) : formatReason({ type: 'nocatch', value: err });
    tell(cellOfProcess(self), { err }, `application ${application.name}: ${name} failed: ${text}`);
    return state;
  }
}
