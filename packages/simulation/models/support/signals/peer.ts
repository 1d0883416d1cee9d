import type { AliasRef, ExitReason, Pid, Ref } from '@reprise/actor';

/** Something that was sent to a process, which has not taken it. */
export interface Due {
  readonly type: 'words' | 'urgent' | 'EXIT' | 'DOWN';
  readonly from: Peer;
  /** The number of the words, or the ref of the monitor. */
  readonly of: unknown;
  readonly reason?: ExitReason;
  /** When it was sent, in ms. */
  readonly at?: number;
}

/** A process, as the rules see it. */
export class Peer {
  readonly pid: Pid;
  readonly name: string;
  trapsExits = false;
  /** Why it has ended. */
  reason: ExitReason | undefined = undefined;
  /** Its own code has asked for this end, which may still be on its way. */
  intended: ExitReason | undefined = undefined;
  readonly links: Set<Peer> = new Set();
  readonly refs: Ref[] = [];
  /** Its priority alias. */
  urgent: AliasRef | undefined = undefined;
  /** So many of its next messages it picks out of its mailbox. */
  listens = 0;
  due: Due[] = [];

  constructor(pid: Pid) {
    this.pid = pid;
    this.name = String(pid);
  }

  get lives(): boolean {
    return this.reason === undefined;
  }
}

export function isSame(one: Due, other: Due): boolean {
  return (
    one.type === other.type &&
    one.from === other.from &&
    one.of === other.of &&
    one.reason === other.reason
  );
}

/** Whether the first of two messages, in the order sent, goes first. `isPicked`: by a receive. */
export function goesFirst(first: Due, second: Due, isPicked: boolean): boolean {
  if (first.from !== second.from) {
    return false;
  }
  if (first.type === second.type) {
    return first.type === 'words' || first.type === 'urgent';
  }
  // The two messages of an end come in any order.
  const isOrdinary = second.type !== 'urgent' && first.type !== 'urgent';
  return !isPicked && isOrdinary && (first.type === 'words' || second.type === 'words');
}

/** Whether a message goes before another, from any sender. */
export function isUrgent(one: Due, other: Due): boolean {
  return one.type === 'urgent' && other.type !== 'urgent';
}
