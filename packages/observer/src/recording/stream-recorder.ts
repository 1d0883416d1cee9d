import { type ExitReason, type Pid, type System } from '@reprise/actor';
import { exposed, facetOf, shown, shownReason, type Witness } from '@reprise/actor/inspect';

import type { History } from '../history/history.ts';
import type { Life, LifeKind, PhaseKind } from '../history/lives.ts';
import { pathOf, type Row } from '../history/rows.ts';
import { placeOf } from './places.ts';
import { Recent } from './recent.ts';
import { Series } from './series.ts';
import { type StreamFact, streamKind } from './stream-fact.ts';
import type { StreamStatus } from './stream-status.ts';
import { addStream, noStreamTotals, type StreamTotals } from './totals.ts';

/** A stream, also one that has ended. Times are those of the system's clock, in ms. */
export interface RecordedStream {
  /** The ids from the top down. It stays the same when the stream is started again. */
  readonly path: string;
  /** The process that it runs as; `undefined` once it has ended. */
  readonly pid: number | undefined;
  /**
   * The oldest first. Those of one process follow each other without a gap; the last of a stream
   * that runs goes on.
   */
  readonly phases: readonly StreamPhase[];
  /** When the server has ignored the cursor, so that events may be missing. */
  readonly ignored: readonly IgnoredCursor[];
}

/** A time in which a stream was connected, tried to be, or did neither. */
export interface StreamPhase {
  readonly type: PhaseKind;
  readonly from: number;
  /** `undefined` while it goes on. */
  readonly to: number | undefined;
  /** Why it ended; `undefined` where it led to the next phase as it should. */
  readonly reason: string | undefined;
}

/** The server went on somewhere else than it was asked to. */
export interface IgnoredCursor {
  readonly at: number;
  /** Such as `asked for what follows 41, got 7`. */
  readonly text: string;
}

/** A stream that runs, as it is now. */
export interface StreamNow {
  readonly path: string;
  /** Since when it is not connected; `undefined` while it is. */
  readonly lostAt: number | undefined;
  /** Why the last attempt failed, or the last connection ended. */
  readonly failure: string | undefined;
}

/** A stream that runs, and the phase that goes on. */
interface OpenStream {
  readonly pid: number;
  readonly row: Row;
  /** Whether its row was made for it: it is no child. */
  readonly isAlone: boolean;
  phase: PhaseKind;
  from: number;
  /** Since when it ends: it has closed its connection. */
  endsAt: number | undefined;
  /** Since when it is not connected. */
  lostAt: number | undefined;
  /** Why the last attempt failed, or the last connection ended. */
  failure: string | undefined;
}

/** Writes the phases of the streams of a system into its history, and sums what they count. */
export class StreamRecorder implements Witness {
  readonly #system: System;
  readonly #history: History;
  readonly #open: Map<number, OpenStream> = new Map();
  /** Of the streams whose processes have ended, by path. */
  readonly totals: Series<StreamTotals> = new Series(noStreamTotals);
  /** By path: where the server has ignored the cursor, and when it did last. */
  readonly ignored: Recent<IgnoredCursor> = new Recent(mostIgnored);

  constructor(system: System, history: History) {
    this.#system = system;
    this.#history = history;
  }

  /** The streams that are older than the recording. */
  adopt(): void {
    for (const [pid, facet] of exposed<StreamStatus>(this.#system, streamKind)) {
      const { state, since } = facet.read();
      this.#begin(pid, state === 'disconnected' ? 'waiting' : state, since);
    }
  }

  noted(pid: Pid, kind: string, fact: unknown): void {
    if (kind === streamKind) {
      this.#told(pid, fact as StreamFact);
    }
  }

  #told(pid: Pid, fact: StreamFact): void {
    switch (fact.type) {
      case 'connecting':
      case 'connected':
        this.#enter(pid, fact.type, undefined);
        return;
      case 'disconnected':
        this.#enter(pid, 'waiting', this.#shown(fact.text));
        return;
      case 'waits':
        this.#enter(pid, 'waiting', undefined);
        return;
      case 'ignored':
        this.#ignored(pid, fact.lastEventId, fact.id);
        return;
      case 'ended':
        this.#ends(pid);
        return;
      default:
        // A client of a later version may tell more.
        fact satisfies never;
    }
  }

  /** Its facet can still be read. */
  ended(pid: Pid, reason: ExitReason): void {
    const status = facetOf<StreamStatus>(pid, streamKind)?.read();
    const open = this.#open.get(pid.id);
    if (status !== undefined) {
      addStream(this.totals.of(this.now(pid).path), status);
    }
    if (open !== undefined) {
      this.#open.delete(pid.id);
      const to = open.endsAt ?? this.#now;
      this.#write(open, open.phase, to, shownReason(this.#system, reason).text);
      if (open.isAlone) {
        this.#history.vacate(open.row);
      }
    }
  }

  /** What is known of a stream that runs, besides its status. */
  now(pid: Pid): StreamNow {
    const open = this.#open.get(pid.id);
    const row = open?.row ?? this.#history.presenceOf(pid.id)?.row;
    return {
      path: row === undefined ? unnamed : pathOf(row),
      lostAt: open?.lostAt,
      failure: open?.failure,
    };
  }

  /** In the order of their first phases that are kept. */
  get list(): readonly RecordedStream[] {
    const streams = new Map<Row, RecordedLane>();
    for (const [row, { from, to, kind, reason }] of this.#history.endings.phases()) {
      const lane = laneOf(streams, row);
      if (kind === 'ignored') {
        lane.ignored.push({ at: from, text: reason });
      } else {
        const type = kind as PhaseKind;
        lane.phases.push({ type, from, to, reason: reason === '' ? undefined : reason });
      }
    }
    for (const { row, pid, phase, from, endsAt } of this.#open.values()) {
      const lane = laneOf(streams, row);
      lane.pid = pid;
      lane.phases.push({ type: phase, from, to: endsAt, reason: undefined });
    }
    return [...streams.values()];
  }

  /** The streams that are connected, since when: lives that are not over. */
  get connected(): readonly Life[] {
    return [...this.#open.values()]
      .filter(({ phase }) => phase === 'connected')
      .map(({ row, pid, phase, from }) => ({
        row: row.number,
        pid,
        from,
        to: from,
        handled: 0,
        kind: phase,
        reason: 0,
        isCrash: false,
      }));
  }

  // The phases of one stream

  #begin(pid: Pid, phase: PhaseKind, from: number): void {
    const child = this.#history.presenceOf(pid.id)?.row;
    const row = child ?? this.#rowFor(pid);
    const isAlone = child === undefined;
    this.#open.set(pid.id, {
      pid: pid.id,
      row,
      isAlone,
      phase,
      from,
      endsAt: undefined,
      lostAt: phase === 'connected' ? undefined : from,
      failure: undefined,
    });
  }

  #rowFor(pid: Pid): Row {
    const { above, id } = placeOf(this.#history, pid, unnamed);
    return this.#history.takeRow(above, id);
  }

  #enter(pid: Pid, phase: PhaseKind, reason: string | undefined): void {
    const now = this.#now;
    const open = this.#open.get(pid.id);
    if (open === undefined) {
      this.#begin(pid, phase, now);
    } else if (open.phase !== phase) {
      // A wait of no time is none; an attempt that failed at once is one.
      if (open.from < now || reason !== undefined) {
        this.#write(open, open.phase, now, reason ?? '');
      }
      open.phase = phase;
      open.from = now;
      open.lostAt = phase === 'connected' ? undefined : (open.lostAt ?? now);
      open.failure = reason ?? open.failure;
    }
  }

  #ends(pid: Pid): void {
    const open = this.#open.get(pid.id);
    if (open !== undefined) {
      open.endsAt = this.#now;
    }
  }

  #ignored(pid: Pid, lastEventId: string, id: string): void {
    const open = this.#open.get(pid.id);
    if (open !== undefined) {
      const at = this.#now;
      const text = this.#shown(`asked for what follows ${lastEventId}, got ${id}`);
      this.#write({ ...open, from: at }, 'ignored', at, text);
      this.ignored.set(pathOf(open.row), { at, text });
    }
  }

  #write({ pid, row, from }: OpenStream, kind: LifeKind, to: number, reason: string): void {
    this.#history.phaseEnded(row, { pid, from, to, kind, reason }, this.#now);
  }

  #shown(text: string): string {
    return String(shown(this.#system, text));
  }

  get #now(): number {
    return this.#system.clock.now();
  }
}

const mostIgnored = 1000;
/** A stream that is no child, has no name and no label. */
const unnamed = 'a stream';

interface RecordedLane extends RecordedStream {
  pid: number | undefined;
  readonly phases: StreamPhase[];
  readonly ignored: IgnoredCursor[];
}

function laneOf(streams: Map<Row, RecordedLane>, row: Row): RecordedLane {
  const lane = streams.get(row) ?? { path: pathOf(row), pid: undefined, phases: [], ignored: [] };
  streams.set(row, lane);
  return lane;
}
