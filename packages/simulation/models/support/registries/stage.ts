import type { GenServer, Groups, Pid, Process } from '@reprise/actor';

import type { Verdict } from '../verdict.ts';
import type { Directory } from './directory.ts';

/** Tells a process to do an act. */
export interface Order {
  readonly type: 'order';
  readonly act: string;
  readonly key: string;
  readonly other: Pid;
  /** Decides between the variants of the act. */
  readonly choice: number;
}

export type Mail = Order | Groups.Message;

/** The parts of a run that the acts of processes use. */
export interface Stage {
  readonly verdict: Verdict;
  readonly directory: Directory;
  /** Starts a server that follows orders. */
  startServer(self: Process, options: GenServer.StartOptions): Promise<unknown>;
}
