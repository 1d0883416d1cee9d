import {
  crash,
  ExitError,
  GenServer,
  isAlive,
  noproc,
  noreply,
  type NoReply,
  ok,
  type Ok,
  type Pid,
  type Process,
  type Stop,
  stop,
  trapExit,
} from '@reprise/actor';

import type { Listing } from '../options/listing.ts';
import type { Joined } from './joining.ts';
import { Member, type MemberParts } from './member.ts';
import type { MemberMessage } from './messages.ts';

/** The server of a member. */
export const memberBehaviour: GenServer.Behaviour<
  MemberParts,
  Member,
  {
    readonly whenJoined: (
      payload: undefined,
      member: Member,
      from: GenServer.From<Joined>,
    ) => NoReply<Member>;
    readonly drain: (
      payload: undefined,
      member: Member,
      from: GenServer.From<'left'>,
    ) => NoReply<Member>;
  },
  {
    readonly list: (listing: Listing, member: Member) => NoReply<Member>;
    readonly listFailed: (text: string, member: Member) => NoReply<Member>;
  },
  MemberMessage,
  never,
  Ok<Member>
> = GenServer.define({
  init: (parts: MemberParts, self: Process) => {
    // To leave in good order when the tree stops.
    trapExit(self, true);
    const member = new Member(parts, self as Process<MemberMessage>);
    members.set(self.pid, member);
    return ok(member);
  },
  handleCall: {
    whenJoined: (_: undefined, member: Member, from: GenServer.From<Joined>) => {
      member.whenJoined(from);
      return noreply(member);
    },
    drain: (_: undefined, member: Member, from: GenServer.From<'left'>) => {
      member.drain(from);
      return noreply(member);
    },
  },
  handleCast: {
    list: (listing: Listing, member: Member) => {
      member.listed(listing);
      return noreply(member);
    },
    listFailed: (text: string, member: Member) => {
      member.listFailed(text);
      return noreply(member);
    },
  },
  handleInfo: (message: MemberMessage, member): NoReply<Member> | Stop<Member> => {
    const error = member.take(message);
    return error === undefined ? noreply(member) : stop(crash(error), member);
  },
  terminate: (_reason, member) => member.end(),
  formatStatus: (member) => member.shown,
});

/** The pid of a member. */
export type MemberPid = GenServer.ServerOf<typeof memberBehaviour>;

/** The members by pid: a status is read without asking, while the member is busy. */
const members: WeakMap<Pid, Member> = new WeakMap();

/** @throws ExitError if the member has ended */
export function memberOf(pid: MemberPid): Member {
  const member = members.get(pid);
  if (member === undefined || !isAlive(pid)) {
    throw new ExitError(noproc, `status of ${String(pid)}`);
  }
  return member;
}
