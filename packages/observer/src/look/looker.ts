import { isAlive, type Pid, processes, type System } from '@reprise/actor';
import { exposed, facetOf, type Sample, sample } from '@reprise/actor/inspect';

import { pathOfProcess } from '../recording/places.ts';
import type { Recorded } from '../recording/record.ts';
import { healthyAfter } from '../recording/restarts.ts';
import type { SlowCallback } from '../recording/slow-callbacks.ts';
import { streamKind } from '../recording/stream-fact.ts';
import type { StreamStatus } from '../recording/stream-status.ts';
import { mostLost } from '../recording/trouble.ts';
import {
  type RestartingChild,
  restartingChild,
  type StuckProcess,
  stuckProcess,
} from './process-look.ts';
import { type StreamLook, streamLook } from './stream-look.ts';
import { Supervisors } from './supervisors.ts';

/**
 * A system at one moment, with what may need somebody: plain data. Times are those of the system's
 * clock, in ms. Paths are the ids from the top down.
 */
export interface Look {
  readonly at: number;
  /** Whether the system has not ended. */
  readonly isRunning: boolean;
  /** From when on the recording has everything. */
  readonly since: number;
  readonly processes: number;
  /** Messages that wait, in all mailboxes. */
  readonly messages: number;
  /** The mailbox with the most of them. */
  readonly longest: Mailbox | undefined;
  /** Children that were restarted within the last ten minutes; 1,000 at most. */
  readonly restarts: readonly RestartingChild[];
  /** Children that have ended abnormally and are not restarted, and supervisors that gave up. */
  readonly lost: readonly Moment[];
  /**
   * Servers whose callback has awaited a promise for at least a second with messages behind it,
   * those that do so longest first; 100 at most, and 100 of those that stand in `waiting` of
   * `restarts`. Streams stand in `streams`.
   */
  readonly awaiting: readonly StuckProcess[];
  /**
   * Mailboxes with 1,000 messages or more; 100 at most. Those that have not shrunk for a minute
   * come first, then the longest.
   */
  readonly mailboxes: readonly Mailbox[];
  /** The clients of `@reprise/sse`, in the order in which they were started. */
  readonly streams: readonly StreamLook[];
  /** Where a server has ignored a cursor, and when it did last. */
  readonly ignored: readonly Moment[];
  /** Where full mailboxes have dropped or refused messages, and when they did last; 100 at most. */
  readonly dropped: readonly Moment[];
  /**
   * Where callbacks have held the thread for longer than `slowCallback`, and when they did last,
   * the last at the end; 100 at most.
   */
  readonly slow: readonly Moment[];
  /** The slowest of them in the last hour, the slowest first: 20 at most, two of one path. */
  readonly slowest: readonly SlowCallback[];
  /** Whether `restarts`, `lost`, `awaiting` or `mailboxes` would be longer if they could. */
  readonly hasMore: boolean;
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

const minute = 60_000;
const hour = 3_600_000;
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
    const { trouble } = recorded;
    const mailboxes = this.#longMailboxes(long, columns);
    const mailbox = (row: number): Mailbox => this.#mailbox(recorded, columns, row, pids);
    const restarts = this.#restarts(recorded, at);
    const lost = momentsOf(trouble.lost, ({ reason }) => reason);
    const stuck = stuckIn(recorded, columns, awaiting, { pids, restarts });
    return {
      at,
      isRunning: isAlive(this.#system.pid),
      since: recorded.since,
      processes: columns.length,
      messages,
      longest: longest === -1 ? undefined : mailbox(longest),
      restarts,
      lost,
      awaiting: stuck.processes,
      mailboxes: mailboxes.map(mailbox),
      streams: this.#streams(recorded),
      ignored: momentsOf(recorded.streamRecorder.ignored, ({ text }) => text),
      dropped: momentsOf(trouble.dropping, () => 'a full mailbox'),
      slow: momentsOf(trouble.holding, ({ ms }) => `${ms} ms`),
      slowest: trouble.slowCallbacks.at(at),
      hasMore:
        stuck.hasMore ||
        long.length > mailboxes.length ||
        at - trouble.restarts.leftOutAt <= healthyAfter ||
        (lost.length === mostLost && at - (lost[0]?.at ?? at) <= hour),
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
      if (queue > 0 && at - (awaitingSince[row] ?? at) >= shortest) {
        awaiting.push(row);
      }
    }
    return { awaiting, long, messages, longest };
  }

  /** The first of these rows. It is noted since when each has not shrunk. */
  #longMailboxes(rows: readonly number[], { at, ids, queues }: Sample): readonly number[] {
    const before = this.#growing;
    this.#growing = new Map();
    for (const row of rows) {
      const [pid = 0, messages = 0] = [ids[row], queues[row]];
      const known = before.get(pid);
      const since = known !== undefined && messages >= known.messages ? known.since : at;
      this.#growing.set(pid, { messages, since });
    }
    const grows = (row: number): number =>
      Number(at - (this.#growing.get(ids[row] ?? 0)?.since ?? at) >= minute);
    return rows
      .toSorted((a, b) => grows(b) - grows(a) || (queues[b] ?? 0) - (queues[a] ?? 0))
      .slice(0, most);
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

  #restarts({ trouble, recorder }: Recorded, now: number): readonly RestartingChild[] {
    if (trouble.restarts.size === 0) {
      return [];
    }
    const looked = { supervisors: new Supervisors(this.#system), history: recorder.history, now };
    return Array.from(trouble.restarts, ([path, restarts]) =>
      restartingChild(path, restarts, looked),
    ).filter((child) => child !== undefined);
  }

  #streams({ streamRecorder, handlings }: Recorded): readonly StreamLook[] {
    return Array.from(exposed<StreamStatus>(this.#system, streamKind), ([pid, facet]) =>
      streamLook(pid, facet.read(), streamRecorder.now(pid), handlings.lagOf(pid)),
    );
  }
}

/**
 * Those that wait longest; those that wait for a child that is restarted leave room for others. A
 * client of a stream waits for the handler of the user.
 */
function stuckIn(
  { recorder: { history } }: Recorded,
  { awaitingSince }: Sample,
  rows: readonly number[],
  { pids, restarts }: { readonly pids: readonly Pid[]; readonly restarts: Look['restarts'] },
): { readonly processes: readonly StuckProcess[]; readonly hasMore: boolean } {
  if (rows.length === 0) {
    return { processes: [], hasMore: false };
  }
  const named = new Set(restarts.flatMap(({ waiting }) => waiting.map(({ pid }) => pid)));
  const all = rows
    .toSorted((a, b) => (awaitingSince[a] ?? 0) - (awaitingSince[b] ?? 0))
    .flatMap((row) => pids[row] ?? [])
    .filter((pid) => facetOf(pid, streamKind) === undefined);
  const others = all.filter(({ id }) => !named.has(id));
  const waiting = all.filter(({ id }) => named.has(id));
  const first = new Set([...others.slice(0, most), ...waiting.slice(0, most)]);
  return {
    processes: all.filter((pid) => first.has(pid)).flatMap((pid) => stuckProcess(pid, history)),
    hasMore: first.size < all.length,
  };
}

function momentsOf<Entry extends { readonly at: number }>(
  entries: Iterable<readonly [path: string, entry: Entry]>,
  text: (entry: Entry) => string,
): readonly Moment[] {
  return Array.from(entries, ([path, entry]) => ({ at: entry.at, path, text: text(entry) }));
}
