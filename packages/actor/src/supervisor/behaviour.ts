import type { ChildSpec } from '../child-spec.ts';
import type { Pid } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import { trapExit } from '../process/signals.ts';
import * as GenServer from '../server/gen-server.ts';
import { ignore, ok, type Ok, type Reply, reply, stop, type StopStart } from '../server/next.ts';
import type { Outcome, SupervisorRequest } from './call.ts';
import type { ChildCounts, ChildInfo } from './children.ts';
import type { CheckedOptions } from './options.ts';
import { StaticState } from './static-state.ts';

/** The argument of a supervisor: asked for the checked options, or `ignore`, at each start. */
export type Init = () => unknown;

type StaticReply<Value> = Reply<Value, StaticState>;

/** The requests of a static supervisor. */
export interface SupervisorCalls {
  readonly startChild: SupervisorRequest<ChildSpec, Outcome<unknown>>;
  readonly terminateChild: SupervisorRequest<string, 'ok' | 'notFound'>;
  readonly restartChild: SupervisorRequest<string, Outcome<unknown>>;
  readonly deleteChild: SupervisorRequest<string, 'ok' | 'notFound' | 'running' | 'restarting'>;
  readonly getChildSpec: SupervisorRequest<string, ChildSpec | undefined>;
  readonly whenChild: SupervisorRequest<string, Pid | undefined>;
  readonly whichChild: SupervisorRequest<string, ChildInfo | undefined>;
  readonly whichChildren: SupervisorRequest<undefined, readonly ChildInfo[]>;
  readonly countChildren: SupervisorRequest<undefined, ChildCounts>;
}

/** The server behind every static supervisor. */
export const supervisorBehaviour: GenServer.AnyBehaviour = GenServer.define({
  init: async (init: Init, self) => {
    const options = await init();
    if (options === ignore) {
      return ignore;
    }
    const { children, ...flags } = options as CheckedOptions;
    return startAll(self, new StaticState(self, flags), children);
  },
  handleCall: {
    startChild: async (spec: ChildSpec, state): Promise<StaticReply<Outcome<unknown>>> =>
      reply(await state.startChild(spec), state),
    terminateChild: async (id: string, state) => reply(await state.terminateChild(id), state),
    restartChild: async (id: string, state): Promise<StaticReply<Outcome<unknown>>> =>
      reply(await state.restartChild(id), state),
    deleteChild: (id: string, state) => reply(state.deleteChild(id), state),
    getChildSpec: (id: string, state) => reply(state.children.get(id)?.spec, state),
    whenChild: (id: string, state, from: GenServer.From<Pid | undefined>) =>
      state.whenChild(id, from),
    whichChild: (id: string, state) => reply(state.whichChild(id), state),
    whichChildren: (_, state) => reply(state.whichChildren(), state),
    countChildren: (_, state) => reply(state.countChildren(), state),
  },
  handleInfo: (message: unknown, state) => state.handle(message),
  terminate: (_reason, state) => state.shutdownAll(),
});

/** The end of `init`: the children are started. */
export async function startAll<State extends StaticState>(
  self: Process,
  state: State,
  specs: readonly ChildSpec[],
): Promise<Ok<State> | StopStart> {
  trapExit(self, true);
  const failure = await state.startAll(specs);
  return failure === undefined ? ok(state) : stop(failure);
}
