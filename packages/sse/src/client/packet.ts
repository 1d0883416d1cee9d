import type { ServerSentEvent } from '../format/event.ts';
import type { ClientTask } from './task.ts';

/** An event, or a comment as a string. */
export type Item = ServerSentEvent | string;

/** The items of one packet; those before `at` are handled. */
export interface Packet {
  readonly generation: number;
  readonly items: readonly Item[];
  at: number;
  /** Handles it in the current turn, or in the next. */
  task: ClientTask | undefined;
}
