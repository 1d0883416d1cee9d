import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import {
  chaos,
  type ChaosEntry,
  type ChaosServer,
  type ChaosStream,
  transientFaults,
} from '@reprise/sse/testing';

import { Child } from './child.ts';
import { randomOf } from './random.ts';
import { Records } from './records.ts';
import { Recovery } from './recovery.ts';
import { type Growth, growthOf, Tally } from './tally.ts';

export interface SoakOptions {
  readonly minutes: number;
  readonly streams: number;
  readonly seed: number;
}

export interface SoakReport extends SoakOptions {
  readonly produced: number;
  readonly handled: number;
  /** Events that nobody handled. */
  readonly lost: number;
  /** Events that were handled again, after a kill, a crash, or because the server sent them again. */
  readonly repeated: number;
  /** Events that came neither next after the one before on their stream, nor again. */
  readonly outOfOrder: number;
  /** By how many events a stream went back at most. */
  readonly furthestBack: number;
  readonly reconnects: number;
  /** By supervisors. */
  readonly restarts: number;
  /** With SIGKILL. */
  readonly kills: number;
  /** Ends of the child that nobody asked for. */
  readonly crashes: number;
  /** In bytes, of the child. */
  readonly highestRss: number;
  /** In bytes an hour, of the last and longest life; `null` if that was too short to say. */
  readonly rssSlope: number | null;
  /** In bytes, along that slope, while it was watched. */
  readonly rssGrowth: number | null;
  /** Sockets and timers after the orderly stop of the last life; `null` if it was never reached. */
  readonly openHandles: number | null;
  /** The longest that a stream stood still after a fault, in ms, by kind of fault. */
  readonly worstRecovery: Readonly<Record<string, number>>;
}

/** How many events a stream makes a second. */
const pace = 2;
/** How long the streams may take at the end to catch up, in ms. */
const patience = 120_000;

/**
 * Plays faults to a child that follows streams, kills it again and again in the first half of the time, lets it live in the second, and counts, once nothing goes
 * wrong any more and all has been handled. It ends earlier when `signal` is aborted, and then still reports.
 */
export async function soak(
  options: SoakOptions,
  { signal, progress }: { readonly signal: AbortSignal; readonly progress: (text: string) => void },
): Promise<SoakReport> {
  const folder = mkdtempSync(join(tmpdir(), 'reprise-soak-'));
  const records = new Records(join(folder, 'records'));
  try {
    return await new Soak(options, records, progress).run(join(folder, 'cursor.db'), signal);
  } finally {
    records.close();
    rmSync(folder, { recursive: true });
  }
}

class Soak {
  readonly #options: SoakOptions;
  readonly #records: Records;
  readonly #progress: (text: string) => void;
  readonly #recovery = new Recovery();
  readonly #tally = new Tally((stream, at) => {
    this.#recovery.handled(stream, at);
  });
  readonly #random: () => number;
  /** Once it drains, nothing goes wrong any more with a connection that begins; what the server tells once it is over is of no interest. */
  #phase: 'faulty' | 'draining' | 'over' = 'faulty';

  constructor(options: SoakOptions, records: Records, progress: (text: string) => void) {
    this.#options = options;
    this.#records = records;
    this.#progress = progress;
    this.#random = randomOf(options.seed);
  }

  async run(cursor: string, signal: AbortSignal): Promise<SoakReport> {
    await using server = await this.#serve();
    const { streams, seed, minutes } = this.#options;
    const names = Array.from({ length: streams }, (_, index) => `stream-${index + 1}`);
    const all = names.map((name) => server.stream(name));
    const child = new Child(
      [server.url, `${streams}`, `${seed}`, cursor, this.#records.path],
      () => {
        this.#began();
      },
    );
    const making = setInterval(produceOn, 1000 / pace, all);
    const reading = setInterval(() => {
      this.#read();
    }, 250);
    const end = performance.now() + minutes * 60_000;
    await this.#killUntil(end - minutes * 30_000, child, signal);
    await this.#waitUntil(end, child, signal);
    clearInterval(making);
    this.#read();
    const growth = growthOf(this.#tally.samples);
    const produced = all.reduce((sum, { made }) => sum + made, 0);
    await this.#catchUp(produced);
    await child.stop();
    clearInterval(reading);
    this.#read();
    this.#phase = 'over';
    return this.#report(produced, growth, child);
  }

  #serve(): Promise<ChaosServer> {
    return chaos({
      seed: this.#options.seed,
      eventsPerSecond: 0,
      history: 1_000_000,
      plan: (turn) => (this.#phase === 'faulty' ? transientFaults(turn) : undefined),
      onEntry: (entry) => {
        this.#hear(entry);
      },
    });
  }

  /** A life of the child begins. */
  #began(): void {
    this.#read();
    this.#recovery.interrupted();
    this.#tally.samples = [];
  }

  /** The child is killed after 3 to 20 s of its life, so that each has had the time to do something. */
  async #killUntil(end: number, child: Child, signal: AbortSignal): Promise<void> {
    const longest = Math.min(20_000, 3000 + (end - performance.now()) / 4);
    for (;;) {
      const killAt = performance.now() + 3000 + this.#random() * (longest - 3000);
      if (killAt > end) {
        return;
      }
      await this.#waitUntil(killAt, child, signal);
      if (signal.aborted) {
        return;
      }
      await child.kill();
    }
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
    const until = performance.now() + patience;
    while (this.#tally.reached < produced && performance.now() < until) {
      this.#progress(`waiting for the last ${produced - this.#tally.reached} events`);
      await delay(250);
      this.#read();
    }
  }

  #hear(entry: ChaosEntry): void {
    if (this.#phase === 'over') {
      return;
    }
    // What was handled before this goes first.
    this.#read();
    if (entry.type === 'request') {
      const at = performance.timeOrigin + entry.at;
      this.#recovery.began(entry.stream, entry.fault?.type, at);
    } else {
      this.#recovery.ended(entry.stream);
    }
  }

  #read(): void {
    for (const record of this.#records.fresh()) {
      this.#tally.add(record);
    }
  }

  #report(produced: number, growth: Growth | undefined, { kills, crashes }: Child): SoakReport {
    const { handled, repeated, outOfOrder, furthestBack, restarts, connects } = this.#tally;
    return {
      ...this.#options,
      produced,
      handled,
      lost: produced - (handled - repeated),
      repeated,
      outOfOrder,
      furthestBack,
      reconnects: Math.max(0, connects - this.#options.streams * (kills + 1)),
      restarts,
      kills,
      crashes,
      highestRss: this.#tally.highestRss,
      rssSlope: growth?.slope ?? null,
      rssGrowth: growth?.total ?? null,
      openHandles: this.#tally.openHandles ?? null,
      worstRecovery: this.#recovery.worst,
    };
  }
}

function produceOn(streams: readonly ChaosStream[]): void {
  for (const stream of streams) {
    stream.produce();
  }
}
