import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import {
  chaos,
  type ChaosEntry,
  type ChaosServer,
  type ChaosStream,
  randomOf,
} from '@reprise/sse/testing';

import { Records } from '../records.ts';
import { Absence } from './absence.ts';
import { Child } from './child.ts';
import { type Front, startFront } from './front.ts';
import { killTimes } from './kills.ts';
import { kindOf, plan } from './plan.ts';
import { read, type Record as SoakRecord } from './record.ts';
import { Recovery } from './recovery.ts';
import { type Growth, growthOf, heldGrowthOf, Tally } from './tally.ts';

export interface SoakOptions {
  readonly minutes: number;
  readonly streams: number;
  readonly seed: number;
  /** The name of a fault in the code of the child's clients. */
  readonly mutant?: string;
}

export interface SoakReport extends SoakOptions {
  readonly produced: number;
  readonly handled: number;
  /** Events that were never handled. */
  readonly lost: number;
  /**
   * Events that were handled again, after a kill, a crash, or because the server sent them again.
   */
  readonly repeated: number;
  /** Events that `dedupe` should have dropped: see `Repeats`. */
  readonly notDropped: number;
  /**
   * Events that were neither the next of their connection nor a repetition of the last one where
   * the server sends each event twice.
   */
  readonly outOfOrder: number;
  /** Events with another text than the server sent. */
  readonly garbled: number;
  /** Requests that continued after an event that had not been handled. */
  readonly acknowledgedEarly: number;
  /**
   * The longest time that a client let pass, in ms, from the last request or event of a stream to
   * its next request.
   */
  readonly longestAbsence: number;
  /** The most events that a stream repeated at once. */
  readonly furthestBack: number;
  /** Connections after the first of a stream in each life of the child. */
  readonly reconnects: number;
  /** By supervisors. */
  readonly restarts: number;
  /** How often the clock of the child jumped. */
  readonly clockJumps: number;
  /** With SIGKILL. */
  readonly kills: number;
  /** Ends of the child that were no kill and no stop. */
  readonly crashes: number;
  /** In bytes, of the child. */
  readonly highestRss: number;
  /** In bytes an hour, of the last and longest life; `null` if that life was too short to tell. */
  readonly rssSlope: number | null;
  /** In bytes, along that slope, while it was watched. */
  readonly rssGrowth: number | null;
  /**
   * The growth of the heap over the second half of that life, in bytes; `null` if that life was too
   * short to tell.
   */
  readonly heldGrowth: number | null;
  /** Sockets and timers after the orderly stop of the last life; `null` if it was never reached. */
  readonly openHandles: number | null;
  /**
   * The longest that a stream stood still after a fault, in ms, by kind of fault; `kill` is the end
   * of the child.
   */
  readonly worstRecovery: Readonly<Record<string, number>>;
}

/** The measurements at the end of the time. */
interface Measured {
  readonly produced: number;
  readonly growth: Growth | undefined;
  readonly heldGrowth: number | undefined;
}

/** How many events a stream makes a second. */
const pace = 2;
/** When the child is stopped for a while and goes on: in parts of the whole time. */
const pauses = [0.6, 0.8];
/** More than an idle timeout, in ms. */
const pauseTime = 4000;
/** How long the streams may take at the end to catch up, in ms. */
const catchUpTime = 120_000;

/**
 * Plays faults to a child that follows streams, kills it again and again in the first half of the
 * time and lets it run in the second. Then the faults end, and once all events are handled it
 * counts. If `signal` is aborted it ends earlier, and still reports.
 */
export async function soak(
  options: SoakOptions,
  { signal, progress }: { readonly signal: AbortSignal; readonly progress: (text: string) => void },
): Promise<SoakReport> {
  const folder = mkdtempSync(join(tmpdir(), 'reprise-soak-'));
  const records = new Records(join(folder, 'records'), read);
  try {
    return await new Soak(options, records, progress).run(join(folder, 'cursor.db'), signal);
  } finally {
    records.close();
    rmSync(folder, { recursive: true });
  }
}

class Soak {
  readonly #options: SoakOptions;
  readonly #records: Records<SoakRecord>;
  readonly #progress: (text: string) => void;
  readonly #recovery = new Recovery();
  readonly #absence = new Absence();
  readonly #tally = new Tally((stream, at) => {
    this.#recovery.handled(stream, at);
    this.#absence.heard(stream, at);
  });
  /**
   * `draining`: new connections have no faults. `over`: entries of the server's log are ignored.
   */
  #phase: 'faulty' | 'draining' | 'over' = 'faulty';

  constructor(
    options: SoakOptions,
    records: Records<SoakRecord>,
    progress: (text: string) => void,
  ) {
    this.#options = options;
    this.#records = records;
    this.#progress = progress;
  }

  async run(cursor: string, signal: AbortSignal): Promise<SoakReport> {
    await using server = await this.#serve();
    const front = await startFront(server.url);
    try {
      return await this.#follow(server, front, cursor, signal);
    } finally {
      front.close();
    }
  }

  async #follow(
    server: ChaosServer,
    front: Front,
    cursor: string,
    signal: AbortSignal,
  ): Promise<SoakReport> {
    const { streams, seed, minutes, mutant } = this.#options;
    const names = Array.from({ length: streams }, (_, index) => `stream-${index + 1}`);
    const all = names.map((name) => server.stream(name));
    const child = new Child(
      [server.url, front.url, `${streams}`, `${seed}`, cursor, this.#records.path],
      mutant,
      () => {
        this.#ended(names);
      },
    );
    const making = setInterval(produceOn, 1000 / pace, all);
    const reading = setInterval(() => {
      this.#read();
    }, 250);
    const start = performance.now();
    for (const time of killTimes(minutes * 30_000, randomOf(`${seed}`))) {
      await this.#waitUntil(start + time, child, signal);
      if (!signal.aborted) {
        await child.kill();
      }
    }
    for (const part of pauses) {
      await this.#waitUntil(start + part * minutes * 60_000, child, signal);
      if (!signal.aborted) {
        await child.pause(pauseTime);
      }
    }
    await this.#waitUntil(start + minutes * 60_000, child, signal);
    clearInterval(making);
    this.#read();
    const growth = growthOf(this.#tally.samples);
    const heldGrowth = heldGrowthOf(this.#tally.held);
    const produced = all.reduce((sum, { made }) => sum + made, 0);
    await this.#catchUp(produced);
    await child.stop();
    clearInterval(reading);
    this.#read();
    this.#phase = 'over';
    return this.#report({ produced, growth, heldGrowth }, child);
  }

  #serve(): Promise<ChaosServer> {
    return chaos({
      seed: this.#options.seed,
      eventsPerSecond: 0,
      history: 1_000_000,
      plan: (turn) => (this.#phase === 'faulty' ? plan(turn) : undefined),
      onEntry: (entry) => {
        this.#onEntry(entry);
      },
    });
  }

  /** A life of the child has ended, and another begins. */
  #ended(streams: readonly string[]): void {
    this.#read();
    const at = performance.timeOrigin + performance.now();
    this.#recovery.killed(streams, at);
    for (const stream of streams) {
      this.#absence.heard(stream, at);
    }
    this.#tally.begin();
  }

  async #waitUntil(end: number, { kills }: Child, signal: AbortSignal): Promise<void> {
    while (performance.now() < end && !signal.aborted) {
      await delay(Math.min(1000, Math.max(0, end - performance.now())));
      const { handled, highestRss } = this.#tally;
      this.#progress(`${handled} handled, ${kills} kills, ${Math.round(highestRss / 1e6)} MB`);
    }
  }

  async #catchUp(produced: number): Promise<void> {
    this.#phase = 'draining';
    const until = performance.now() + catchUpTime;
    while (this.#tally.reached < produced && performance.now() < until) {
      this.#progress(`waiting for the last ${produced - this.#tally.reached} events`);
      await delay(250);
      this.#read();
    }
  }

  #onEntry(entry: ChaosEntry): void {
    if (this.#phase === 'over') {
      return;
    }
    // Events that were handled before this entry are counted first.
    this.#read();
    if (entry.type === 'request') {
      const kind = kindOf(entry.fault);
      const at = performance.timeOrigin + entry.at;
      this.#tally.asked(entry.stream, kind, entry.first - 1);
      this.#recovery.began(entry.stream, kind, at);
      this.#absence.asked(entry.stream, at);
    } else {
      this.#recovery.ended(entry.stream);
    }
  }

  #read(): void {
    for (const record of this.#records.fresh()) {
      this.#tally.add(record);
    }
  }

  #report({ produced, growth, heldGrowth }: Measured, { kills, crashes }: Child): SoakReport {
    const tally = this.#tally;
    return {
      ...this.#options,
      produced,
      handled: tally.handled,
      lost: produced - (tally.handled - tally.repeated),
      repeated: tally.repeated,
      notDropped: tally.notDropped,
      outOfOrder: tally.outOfOrder,
      garbled: tally.garbled,
      acknowledgedEarly: tally.acknowledgedEarly,
      furthestBack: tally.furthestBack,
      reconnects: tally.reconnects,
      restarts: tally.restarts,
      clockJumps: tally.clockJumps,
      kills,
      crashes,
      longestAbsence: this.#absence.longest,
      highestRss: tally.highestRss,
      rssSlope: growth?.slope ?? null,
      rssGrowth: growth?.total ?? null,
      heldGrowth: heldGrowth ?? null,
      openHandles: tally.openHandles ?? null,
      worstRecovery: this.#recovery.worst,
    };
  }
}

function produceOn(streams: readonly ChaosStream[]): void {
  for (const stream of streams) {
    stream.produce();
  }
}
