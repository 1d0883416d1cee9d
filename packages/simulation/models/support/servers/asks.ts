import type { GenServer, MailboxOptions, Pid } from '@reprise/actor';

import type { Verdict } from '../verdict.ts';
import type { CallRules, Ticket } from './rules.ts';

/** How a server answers a call. The first is the tamest. */
export const plans = [
  'now',
  'slow',
  'hold',
  'elsewhere',
  'twice',
  'forward',
  'never',
  'stopReply',
  'stop',
  'throw',
  'slowThrow',
] as const;
export type Plan = (typeof plans)[number];

/** The action of a server after a message. */
export const afters = ['rest', 'continue', 'timeout', 'hibernate'] as const;
export type After = (typeof afters)[number];

/** A call. */
export interface Ask {
  readonly ticket: Ticket;
  readonly plan: Plan;
  readonly after: After;
  readonly ms: number;
}

/** A cast, or a plain message. */
export interface Note {
  readonly type: 'note';
  readonly sender: Pid;
  readonly place: number;
  readonly after: After;
  readonly ms: number;
}

/** Tells a process to answer a call that a server was asked. */
export interface Errand {
  readonly from: GenServer.From<unknown>;
  readonly ticket: Ticket;
  readonly ms: number;
}

/** The argument of a server at its start. */
export interface Setting {
  readonly rules: CallRules;
  readonly verdict: Verdict;
  /** Answers in place of a server. */
  readonly helper: Pid<Errand>;
  /** Asks another server; settles when that is over. */
  readonly forward: (ask: Ask, server: Pid) => Promise<void>;
  /** The servers that must take no message. */
  readonly suspended: ReadonlySet<Pid>;
  readonly mailbox: MailboxOptions | undefined;
  readonly trapsExits: boolean;
  /** How long `terminate` takes, in ms. */
  readonly terminating: number;
}
