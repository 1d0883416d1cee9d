import { GenServer, ok, type Ok, type Process, trapExit } from '@reprise/actor';

import type { MemberPid } from '../member/behaviour.ts';

/**
 * The server that is started last and stopped first: when it starts, all that a stream needs is up,
 * and the node begins to claim streams; when it is to stop, the node releases them in order.
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
    GenServer.cast(member, 'begin');
    return ok(member);
  },
  terminate: async (_reason, member) => {
    // A member that has ended has nothing to release.
    await drain(member).catch(() => undefined);
  },
});

/** Resolves once the node has released its streams, in order, and has left. */
export function drain(member: MemberPid): Promise<'left'> {
  return GenServer.call(member, 'drain', undefined, { timeout: Infinity });
}
