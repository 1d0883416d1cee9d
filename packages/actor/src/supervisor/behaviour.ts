import type { ChildSpec } from '../child-spec.ts';
import type { Process } from '../process/process.ts';
import { trapExit } from '../process/signals.ts';
import * as GenServer from '../server/gen-server.ts';
import { ignore, ok, type Ok, type Reply, reply, stop, type StopStart } from '../server/next.ts';
import type { Ask, Outcome } from './call.ts';
import type { ChildCounts, ChildInfo } from './child-info.ts';
import type { Flags } from './flags.ts';
import { Supervision } from './supervision.ts';

/** What a supervisor is started with: what it is to be, found out anew at each start. */
export type Init = () => unknown;

type Answer<Value> = Reply<Value, Supervision>;

/** What a supervisor can be asked. */
export interface SupervisorCalls {
  readonly startChild: Ask<ChildSpec, Outcome<unknown>>;
  readonly terminateChild: Ask<string, 'ok' | 'notFound'>;
  readonly restartChild: Ask<string, Outcome<unknown>>;
  readonly deleteChild: Ask<string, 'ok' | 'notFound' | 'running' | 'restarting'>;
  readonly getChildSpec: Ask<string, ChildSpec | undefined>;
  readonly whichChild: Ask<string, ChildInfo | undefined>;
  readonly whichChildren: Ask<undefined, readonly ChildInfo[]>;
  readonly countChildren: Ask<undefined, ChildCounts>;
}

/** The server that every supervisor is. */
export const supervision: GenServer.AnyBehaviour = GenServer.define({
  init: async (init: Init, self) => {
    const flags = await init();
    if (flags === ignore) {
      return ignore;
    }
    const { children, ...rules } = flags as Flags;
    return begin(self, new Supervision(self, rules), children);
  },
  handleCall: {
    startChild: async (spec: ChildSpec, state): Promise<Answer<Outcome<unknown>>> =>
      reply(await state.startChild(spec), state),
    terminateChild: async (id: string, state) => reply(await state.terminateChild(id), state),
    restartChild: async (id: string, state): Promise<Answer<Outcome<unknown>>> =>
      reply(await state.restartChild(id), state),
    deleteChild: (id: string, state) => reply(state.deleteChild(id), state),
    getChildSpec: (id: string, state) => reply(state.children.get(id)?.spec, state),
    whichChild: (id: string, state) => reply(state.whichChild(id), state),
    whichChildren: (_, state) => reply(state.whichChildren(), state),
    countChildren: (_, state) => reply(state.countChildren(), state),
  },
  handleInfo: (message: unknown, state) => state.handle(message),
  terminate: (_reason, state) => state.shutdownAll(),
});

/** The end of `init`: the children are started. */
export async function begin<State extends Supervision>(
  self: Process<never>,
  state: State,
  specs: readonly ChildSpec[],
): Promise<Ok<State> | StopStart> {
  trapExit(self, true);
  const failure = await state.startAll(specs);
  return failure === undefined ? ok(state) : stop(failure);
}
