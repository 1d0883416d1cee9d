import { GenServer, ok, type Ok, type Process, trapExit } from '@reprise/actor';

import type { MemberPid } from '../member/behaviour.ts';
import { hasFailed } from '../member/end-of-life.ts';

/**
 * The server that is stopped before all that a stream needs: then the node releases its streams in
 * order.
 */
export const dutyBehaviour: GenServer.Behaviour<
  MemberPid,
  MemberPid,
  undefined,
  undefined,
  never,
  never,
  Ok<MemberPid>
> = GenServer.define({
  init: (member: MemberPid, self: Process) => {
    trapExit(self, true);
    return ok(member);
  },
  terminate: async (_reason, member, self) => {
    if (!hasFailed(self.system)) {
      // A member that has ended has nothing to release.
      await drain(member).catch(() => undefined);
    }
  },
});

/** Resolves once the node has released its streams, in order, and has left. */
export function drain(member: MemberPid): Promise<'left'> {
  return GenServer.call(member, 'drain', undefined, { timeout: Infinity });
}
