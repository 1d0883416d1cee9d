import { type Pid, processes, type System } from '@reprise/actor';
import { exposed, facetOf, type Sample, sample } from '@reprise/actor/inspect';

import { pathOfProcess } from '../recording/places.ts';
import type { Recorded } from '../recording/record.ts';
import type { SlowCallback } from '../recording/slow-callbacks.ts';
import { streamKind } from '../recording/stream-fact.ts';
import type { StreamStatus } from '../recording/stream-status.ts';
import {
  type RestartingChild,
  restartingChild,
  type StuckProcess,
  stuckProcess,
} from './process-look.ts';
import { type StreamLook, streamLook } from './stream-look.ts';

/**
 * A system at one moment, with what may need somebody: plain data. Times are those of the system's
 * clock, in ms. Paths are the ids from the top down.
 */
export interface Look {
  readonly at: number;
  /** From when on the recording has everything. */
  readonly since: number;
  readonly processes: number;
  /** Messages that wait, in all mailboxes. */
  readonly messages: number;
  /** The mailbox with the most of them. */
  readonly longest: Mailbox | undefined;
  /** Children that were restarted within the last ten minutes. */
  readonly restarts: readonly RestartingChild[];
  /** Children that have ended abnormally and are not restarted, and supervisors that gave up. */
  readonly lost: readonly Moment[];
  /**
   * Servers whose callback has awaited a promise for at least a second, those that do so longest
   * first; 100 at most. Streams stand in `streams`.
   */
  readonly awaiting: readonly StuckProcess[];
  /** Mailboxes with 1,000 messages or more, the longest first; 100 at most. */
  readonly mailboxes: readonly Mailbox[];
  /** The clients of `@reprise/sse`, in the order in which they were started. */
  readonly streams: readonly StreamLook[];
  /** Where a server has ignored a cursor, and when it did last. */
  readonly ignored: readonly Moment[];
  /** When a full mailbox has dropped or refused a message last. */
  readonly lastDropped: Moment | undefined;
  /** When a callback has held the thread for longer than `slowCallback` last. */
  readonly lastSlow: Moment | undefined;
  /** The slowest of them in the last hour, the slowest first: 20 at most, two of one path. */
  readonly slowest: readonly SlowCallback[];
}

/** Something that has happened to a process. */
export interface Moment {
  readonly at: number;
  readonly path: string;
  readonly text: string;
}

/** A mailbox with many messages. */
export interface Mailbox {
  readonly path: string;
  readonly pid: number;
  readonly messages: number;
  /** Since when no look has seen it shrink. */
  readonly growsSince: number;
}

/** A callback that awaits for a shorter time is of no interest, in ms. */
const shortest = 1000;
/** A mailbox with fewer messages is of no interest. */
const fewest = 1000;
const most = 100;

/** A long mailbox, from look to look. */
interface Growth {
  messages: number;
  since: number;
}

/**
 * Looks at one system, again and again: into the same columns, so that a look at ten thousand idle
 * processes makes no object for them. It remembers which mailboxes were long.
 */
export class Looker {
  readonly #system: System;
  #columns: Sample | undefined = undefined;
  #growing: Map<number, Growth> = new Map();

  constructor(system: System) {
    this.#system = system;
  }

  look(recorded: Recorded): Look {
    const columns = (this.#columns = sample(this.#system, this.#columns));
    const { awaiting, long, messages, longest } = this.#scan(columns);
    const pids = longest === -1 && awaiting.length === 0 ? [] : processes(this.#system);
    const { at } = columns;
    const mailboxes = this.#longMailboxes(long, columns);
    const mailbox = (row: number): Mailbox => this.#mailbox(recorded, columns, row, pids);
    return {
      at,
      since: recorded.since,
      processes: columns.length,
      messages,
      longest: longest === -1 ? undefined : mailbox(longest),
      restarts: restartsIn(recorded, at),
      lost: momentsOf(recorded.trouble.lost, ({ reason }) => reason),
      awaiting: stuckIn(recorded, columns, awaiting, pids),
      mailboxes: mailboxes.map(mailbox),
      streams: this.#streams(recorded),
      ignored: momentsOf(recorded.streamRecorder.ignored, ({ text }) => text),
      lastDropped: momentOf(recorded.trouble.lastDropped, () => 'a full mailbox'),
      lastSlow: momentOf(recorded.trouble.lastSlow, ({ ms }) => `${ms} ms`),
      slowest: recorded.trouble.slowCallbacks.at(at),
    };
  }

  /** Goes through all rows once, without an object for any of them. */
  #scan({ at, length, queues, awaitingSince }: Sample) {
    const awaiting: number[] = [];
    const long: number[] = [];
    let messages = 0;
    let longest = -1;
    for (let row = 0; row < length; row++) {
      const queue = queues[row] ?? 0;
      messages += queue;
      if (queue > (queues[longest] ?? 0)) {
        longest = row;
      }
      if (queue >= fewest) {
        long.push(row);
      }
      // False for NaN.
      if (at - (awaitingSince[row] ?? at) >= shortest) {
        awaiting.push(row);
      }
    }
    return { awaiting, long, messages, longest };
  }

  /** The longest of these rows. It is noted since when each has not shrunk. */
  #longMailboxes(rows: readonly number[], { at, ids, queues }: Sample): readonly number[] {
    const before = this.#growing;
    this.#growing = new Map();
    for (const row of rows) {
      const [pid = 0, messages = 0] = [ids[row], queues[row]];
      const known = before.get(pid);
      const since = known !== undefined && messages >= known.messages ? known.since : at;
      this.#growing.set(pid, { messages, since });
    }
    return rows.toSorted((a, b) => (queues[b] ?? 0) - (queues[a] ?? 0)).slice(0, most);
  }

  /** The rows of a sample are in the order of `processes`. */
  #mailbox(
    { recorder: { history } }: Recorded,
    { at, ids, queues }: Sample,
    row: number,
    pids: readonly Pid[],
  ): Mailbox {
    const [pid = 0, messages = 0] = [ids[row], queues[row]];
    const process = pids[row];
    const path = process === undefined ? '' : pathOfProcess(history, process);
    return { path, pid, messages, growsSince: this.#growing.get(pid)?.since ?? at };
  }

  #streams({ streamRecorder, handlings }: Recorded): readonly StreamLook[] {
    return Array.from(exposed<StreamStatus>(this.#system, streamKind), ([pid, facet]) =>
      streamLook(pid, facet.read(), streamRecorder.now(pid), handlings.lagOf(pid)),
    );
  }
}

function restartsIn(
  { trouble, recorder: { history } }: Recorded,
  now: number,
): readonly RestartingChild[] {
  return Array.from(trouble.restarts, ([path, restarts]) =>
    restartingChild(path, restarts, history, now),
  ).filter((child) => child !== undefined);
}

/** Those that wait longest. A client of a stream waits for the handler of the user. */
function stuckIn(
  { recorder: { history } }: Recorded,
  { awaitingSince }: Sample,
  rows: readonly number[],
  pids: readonly Pid[],
): readonly StuckProcess[] {
  return rows
    .toSorted((a, b) => (awaitingSince[a] ?? 0) - (awaitingSince[b] ?? 0))
    .flatMap((row) => pids[row] ?? [])
    .filter((pid) => facetOf(pid, streamKind) === undefined)
    .slice(0, most)
    .flatMap((pid) => stuckProcess(pid, history));
}

function momentsOf<Entry extends { readonly at: number }>(
  entries: Iterable<readonly [path: string, entry: Entry]>,
  text: (entry: Entry) => string,
): readonly Moment[] {
  return Array.from(entries, ([path, entry]) => ({ at: entry.at, path, text: text(entry) }));
}

function momentOf<Last extends { readonly at: number; readonly path: string }>(
  last: Last | undefined,
  text: (last: Last) => string,
): Moment | undefined {
  return last && { at: last.at, path: last.path, text: text(last) };
}
