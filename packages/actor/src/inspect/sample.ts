import { isA } from '../brand.ts';
import { type Cell, cellOfProcess } from '../process/cell.ts';
import type { Process } from '../process/process.ts';
import { ServerProcess } from '../server/server-process.ts';
import type { ProcessInfo } from '../sys/process-info.ts';

/** The statuses of a process, as in `processInfo`. The number of a status is its place here. */
export const statuses: readonly ProcessInfo['status'][] = [
  'waiting',
  'runnable',
  'running',
  'awaiting',
  'suspended',
];

/**
 * The processes of a system at one moment, a column for each number. Rows are in the order in which
 * the processes were started, so ids ascend: two samples are compared by going through both once.
 */
export interface Sample {
  /** When it was taken, on the system's clock. */
  at: number;
  /** How many processes there are. The columns are longer: the rest of them has no meaning. */
  length: number;
  /** `pid.id`. */
  ids: Float64Array;
  /** The place in `statuses`. */
  statuses: Uint8Array;
  /** How many messages wait. */
  queues: Float64Array;
  /** How many messages the process has taken since it was started. */
  handled: Float64Array;
  /**
   * How long its turns have held the thread, in ms. The work of a callback after it has awaited I/O
   * or a timer does not count.
   */
  busy: Float64Array;
  /** Since when the promise of a callback is awaited, on the system's clock; NaN if none is. */
  awaitingSince: Float64Array;
}

/**
 * Looks at all processes of a system, which are not asked. Given the sample of an earlier call, it
 * writes into that, and makes no object: ten thousand processes take half a millisecond.
 * @throws TypeError for anything but a process
 * @example
 * ```ts
 * import { createSystem, GenServer, noreply, ok } from '@reprise/actor';
 * import { sample } from '@reprise/actor/inspect';
 * import { settle } from '@reprise/actor/testing';
 *
 * const counter = GenServer.define({
 *   init: () => ok(0),
 *   handleCast: { add: (by: number, count) => noreply(count + by) },
 * });
 * const system = createSystem();
 * const pid = await GenServer.start(system, counter, undefined);
 * GenServer.cast(pid, 'add', 2);
 * await settle(system);
 * const { ids, handled, length } = sample(system);
 * console.log(length, handled[ids.indexOf(pid.id)]); // 2 1
 * await system.stop();
 * ```
 */
export function sample(system: Process, into: Sample = createSample(0)): Sample {
  const { processes, clock } = cellOfProcess(system, 'system').runtime;
  if (processes.size > into.ids.length) {
    // With room for more: a system that grows does not make new columns at each look.
    Object.assign(into, createSample(Math.max(64, processes.size * 2)));
  }
  into.at = clock.now();
  into.length = 0;
  // Not `for … of`, which makes an object for each process.
  processes.forEach(write, into);
  return into;
}

function createSample(rows: number): Sample {
  return {
    at: 0,
    length: 0,
    ids: new Float64Array(rows),
    statuses: new Uint8Array(rows),
    queues: new Float64Array(rows),
    handled: new Float64Array(rows),
    busy: new Float64Array(rows),
    awaitingSince: new Float64Array(rows),
  };
}

/** Writes the next row. Its `this` is the sample. */
function write(this: Sample, cell: Cell): void {
  const row = this.length;
  this.length = row + 1;
  this.ids[row] = cell.pid.id;
  this.statuses[row] = statusOf(cell);
  this.queues[row] = cell.mailbox.length;
  this.handled[row] = cell.handled;
  this.busy[row] = cell.busy;
  this.awaitingSince[row] = cell.awaitingSince ?? Number.NaN;
}

/** By comparisons: a table of strings would make the look four times as slow. */
function statusOf(cell: Cell): number {
  const { status } = cell;
  if (isA(cell, ServerProcess) && cell.isSuspended) {
    return 4;
  }
  if (status === 'idle') {
    return 0;
  }
  if (status === 'ready') {
    return 1;
  }
  return status === 'running' ? 2 : 3;
}
