import type { AnyChildSpec } from '../../child-spec.ts';
import type { Pid } from '../../process/pid.ts';
import { trapExit } from '../../process/signals.ts';
import * as GenServer from '../../server/gen-server.ts';
import { ok, type Reply, reply } from '../../server/next.ts';
import type { Outcome, SupervisorRequest } from '../call.ts';
import type { ChildCounts } from '../children.ts';
import { type DynamicChildInfo, type DynamicFlags, DynamicState } from './state.ts';

type DynamicReply<Value> = Reply<Value, DynamicState>;

/** The requests of a dynamic supervisor. */
export interface DynamicSupervisorCalls {
  readonly startChild: SupervisorRequest<AnyChildSpec, Outcome<unknown>>;
  readonly terminateChild: SupervisorRequest<Pid, 'ok' | 'notFound'>;
  readonly whichChildren: SupervisorRequest<undefined, readonly DynamicChildInfo[]>;
  readonly countChildren: SupervisorRequest<undefined, ChildCounts>;
}

/** The server behind every dynamic supervisor. */
export const dynamicSupervisorBehaviour: GenServer.AnyBehaviour = GenServer.define({
  init: (flags: DynamicFlags, self) => {
    trapExit(self, true);
    return ok(new DynamicState(self, flags));
  },
  handleCall: {
    startChild: async (spec: AnyChildSpec, state): Promise<DynamicReply<Outcome<unknown>>> =>
      reply(await state.startChild(spec), state),
    terminateChild: async (pid: Pid, state) => reply(await state.terminateChild(pid), state),
    whichChildren: (_, state) => reply(state.whichChildren(), state),
    countChildren: (_, state) => reply(state.countChildren(), state),
  },
  handleInfo: (message: unknown, state) => state.handle(message),
  terminate: (_reason, state) => state.shutdownAll(),
});
