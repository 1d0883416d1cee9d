import type { DownMessage, ExitMessage, Process } from '@reprise/actor';

import type { Verdict } from '../verdict.ts';
import type { Peer } from './peer.ts';
import type { SignalRules } from './rules.ts';

/** Words of one process to another. */
export interface Words {
  readonly type: 'words' | 'urgent';
  readonly from: Peer;
  readonly of: number;
}

/** Tells a process to do an act. */
export interface Order {
  readonly type: 'order';
  readonly act: string;
  readonly other: Peer;
  /** Decides between the variants of the act. */
  readonly choice: number;
}

export type Mail = Order | Words | ExitMessage | DownMessage;

/** The parts of a run that the acts of processes use. */
export interface Stage {
  readonly verdict: Verdict;
  readonly rules: SignalRules;
  /** The next words of a process. */
  words(from: Peer): Words;
  say(from: Peer, to: Peer): void;
  /** A process starts another one, which may end before it has begun. */
  raise(self: Process, me: Peer, choice: number): void;
}

export function isWords(message: Mail): message is Words {
  return message.type === 'words' || message.type === 'urgent';
}
