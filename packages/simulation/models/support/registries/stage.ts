import type { GenServer, Groups, Pid, Process } from '@reprise/actor';

import type { Verdict } from '../verdict.ts';
import type { Directory } from './directory.ts';

/** Tells a process what to do. */
export interface Order {
  readonly type: 'order';
  readonly act: string;
  readonly key: string;
  readonly other: Pid;
  /** Decides what the act leaves open. */
  readonly choice: number;
}

export type Mail = Order | Groups.Message;

/** What the acts of processes use. */
export interface Stage {
  readonly verdict: Verdict;
  readonly directory: Directory;
  /** Starts a server that does what it is told. */
  startServer(self: Process, options: GenServer.StartOptions): Promise<unknown>;
}
