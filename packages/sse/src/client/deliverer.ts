import type { CursorReport, CursorWriter } from '../cursor/cursor.ts';
import type { PacketState } from '../format/parser.ts';
import type { Item } from './packet.ts';
import type { Awaiting } from './status.ts';

/** Handles the packets of a client: each event alone, or many at once. */
export interface Deliverer {
  /** From now on every event moves this cursor. */
  setCursor(cursor: CursorWriter): void;
  /** The handler whose promise has not settled, or the event that is handled again. */
  readonly awaiting: readonly Awaiting[];
  /** How many events a handler has whose promise has not settled. */
  readonly unsettled: number;
  /** Packets of this generation are handled, those of every other one are dropped. */
  setOpenGeneration(generation: number): void;
  /** The client has ended: the result of a callback that still runs is ignored. */
  stop(): void;
  /**
   * Parses a packet at once, since its bytes belong to the connection, and handles it in the
   * client's turn.
   */
  receive(bytes: Uint8Array, packets: PacketState<Item>, generation: number): void;
  /** Handles the event that the end of the body has left unfinished, if there is one. */
  finish(packets: PacketState<Item>, generation: number): void;
  /** Whether the stream is read on while events of this generation wait for their handler. */
  isBehind(generation: number): boolean;
  /** Tells a report of the cursor, in a turn of its own. */
  report(report: CursorReport): void;
}
