import { isA } from '../brand.ts';
import { type Cell, cellOf } from '../process/cell.ts';
import { unwrap } from '../process/envelope.ts';
import type { Pid } from '../process/pid.ts';
import { ServerProcess } from '../server/server-process.ts';
import { shownFor } from './shown.ts';

/** The message that a server handles, and its progress. */
export interface InHand {
  /**
   * The message as its sender wrote it, as `shown` gives it: a cast is `{ cast, payload }`, a call
   * `{ call, payload }`. Absent while the callback handles none, such as `init`.
   */
  readonly message?: unknown;
  /** The callback whose promise is awaited, such as `handleCall.pop`; absent while it runs. */
  readonly callback?: string;
  /** Since when, on the system's clock. */
  readonly since?: number;
}

/**
 * The message that a server handles, also of a stuck server: it need not answer. `undefined` for a
 * process that handles none, or is no server.
 * @throws TypeError for anything but a pid
 * @example
 * ```ts
 * import { createSystem, GenServer, noreply, ok } from '@reprise/actor';
 * import { inHand } from '@reprise/actor/inspect';
 * import { advance, createTestSystem } from '@reprise/actor/testing';
 *
 * const slow = GenServer.define({
 *   init: () => ok(0),
 *   handleCast: { print: (_pages: number, state) => new Promise<never>(() => state) },
 * });
 * const system = createTestSystem();
 * const pid = await GenServer.start(system, slow, undefined);
 * GenServer.cast(pid, 'print', 3);
 * await advance(system, 61_000);
 * const { message, callback, since } = inHand(pid) ?? {};
 * console.log(message, callback, since); // { cast: 'print', payload: 3 } handleCast.print 0
 * ```
 */
export function inHand(pid: Pid): InHand | undefined {
  return inHandOf(cellOf(pid));
}

export function inHandOf(cell: Cell): InHand | undefined {
  const { awaitedCallback, awaitingSince } = cell;
  const awaited =
    awaitedCallback === undefined || awaitingSince === undefined
      ? undefined
      : { callback: awaitedCallback, since: awaitingSince };
  return isA(cell, ServerProcess) && hasMessage(cell)
    ? { message: shownFor(cell, unwrap(cell.lastMessage)), ...awaited }
    : awaited;
}

/** Whether a callback for its last message runs, or the promise of one is awaited. */
function hasMessage({ lastMessage, status, awaitedCallback }: ServerProcess): boolean {
  const isAwaited = awaitedCallback !== undefined && !withoutMessage.has(awaitedCallback);
  return lastMessage !== undefined && (status === 'running' || isAwaited);
}

const withoutMessage: ReadonlySet<string> = new Set(['init', 'handleContinue', 'terminate']);
