import type { Mailbox, Moment } from '../look/looker.ts';
import type { MachineFigures } from './machine.ts';

/** The first that a page is told. */
export interface Hello {
  /** The name of this page, for its window. */
  readonly reader: string;
  /** Numbers of changes are of use in one epoch alone. */
  readonly epoch: string;
  /** The name of the system. */
  readonly name: string;
  readonly host: string;
  readonly osPid: number;
  /** On the clock of the system, and the time of day, in ms. */
  readonly now: number;
  readonly wall: number;
  /** When the recording began. */
  readonly since: number;
  /** The folder that the program was started in. */
  readonly folder: string;
  /** What may be done to processes from the page. */
  readonly actions: readonly string[];
}

/**
 * The system in numbers, at one look. Counts are those since the recording began; of streams that
 * ran then, since their start.
 */
export interface Vitals extends MachineFigures {
  /** On the clock of the system, and the time of day, in ms. */
  readonly at: number;
  readonly wall: number;
  readonly processes: number;
  /** How many rows the tree has. */
  readonly rows: number;
  /** Messages that wait, in all mailboxes. */
  readonly messages: number;
  /** The longest mailbox. */
  readonly longest: Mailbox | undefined;
  /** Messages handled since somebody looks. */
  readonly handled: number;
  readonly events: number;
  readonly bytes: number;
  readonly streams: number;
  readonly connected: number;
  readonly crashes: number;
  /** The last callback that held the thread. */
  readonly lastSlow: Moment | undefined;
}
