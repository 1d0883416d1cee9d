import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { chaos, type ChaosEntry, type ChaosServer, transientFaults } from '@reprise/sse/testing';

import { read } from './record.ts';
import { Recovery } from './recovery.ts';
import { slopeOf, Tally } from './tally.ts';

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
  /** Events before which one was left out. */
  readonly outOfOrder: number;
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
  /** Sockets and timers after the orderly stop of the last life; `null` if it was never reached. */
  readonly openHandles: number | null;
  /** The longest it took from a fault to the next event of that stream, in ms, by kind of fault. */
  readonly worstRecovery: Readonly<Record<string, number>>;
}

/** How many events a stream makes a second. */
const pace = 2;
/** How long the streams may take at the end to catch up, in ms. */
const patience = 120_000;

/**
 * Plays faults to a child that follows streams, kills it again and again in the first half of the time, lets it live in the second, and counts. It ends earlier
 * when `signal` is aborted, and then still reports.
 */
export async function soak(
  options: SoakOptions,
  { signal, progress }: { readonly signal: AbortSignal; readonly progress: (text: string) => void },
): Promise<SoakReport> {
  const folder = mkdtempSync(join(tmpdir(), 'reprise-soak-'));
  try {
    const run = new Soak(options, folder, progress);
    return await run.run(signal);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

class Soak {
  readonly #options: SoakOptions;
  readonly #folder: string;
  readonly #progress: (text: string) => void;
  readonly #recovery = new Recovery();
  readonly #tally = new Tally((stream, at) => {
    this.#recovery.handled(stream, at);
  });
  readonly #random: () => number;
  #child: ChildProcess | undefined = undefined;
  #isEndWanted = false;
  #kills = 0;
  #crashes = 0;
  #offset = 0;

  constructor(options: SoakOptions, folder: string, progress: (text: string) => void) {
    this.#options = options;
    this.#folder = folder;
    this.#progress = progress;
    this.#random = mulberry32(options.seed);
    writeFileSync(this.#records, '');
  }

  async run(signal: AbortSignal): Promise<SoakReport> {
    const { minutes, streams, seed } = this.#options;
    await using server = await chaos({
      seed,
      eventsPerSecond: 0,
      history: 1_000_000,
      plan: transientFaults,
      onEntry: (entry) => {
        this.#hear(entry);
      },
    });
    const names = Array.from({ length: streams }, (_, index) => `stream-${index + 1}`);
    const all = names.map((name) => server.stream(name));
    const making = setInterval(() => {
      for (const stream of all) {
        stream.produce();
      }
    }, 1000 / pace);
    const reading = setInterval(() => {
      this.#read();
    }, 250);
    const time = minutes * 60_000;
    this.#start(server);
    await this.#killFor(time / 2, server, signal);
    await this.#waitFor(time / 2, signal);
    clearInterval(making);
    const produced = all.reduce((sum, stream) => sum + stream.made, 0);
    await this.#catchUp(produced);
    const samples = this.#tally.samples;
    await this.#stop();
    clearInterval(reading);
    this.#read();
    return this.#report(produced, slopeOf(samples));
  }

  /** The child is killed after 3 to 20 s of its life, so that each has had the time to do something. */
  async #killFor(ms: number, server: ChaosServer, signal: AbortSignal): Promise<void> {
    const until = performance.now() + ms;
    for (;;) {
      const life = 3000 + this.#random() * Math.min(17_000, ms / 4);
      if (performance.now() + life > until || signal.aborted) {
        return;
      }
      await this.#waitFor(life, signal);
      await this.#end('SIGKILL');
      this.#kills += 1;
      this.#recovery.interrupted();
      this.#start(server);
    }
  }

  async #waitFor(ms: number, signal: AbortSignal): Promise<void> {
    const until = performance.now() + ms;
    while (performance.now() < until && !signal.aborted) {
      await delay(Math.min(1000, until - performance.now()));
      this.#progress(
        `${this.#tally.handled} handled, ${this.#kills} kills, ${Math.round(this.#tally.highestRss / 1e6)} MB`,
      );
    }
  }

  async #catchUp(produced: number): Promise<void> {
    const until = performance.now() + patience;
    while (this.#reached < produced && performance.now() < until) {
      this.#progress(`waiting for the last ${produced - this.#reached} events`);
      await delay(500);
      this.#read();
    }
  }

  /** How many events have been handled at least once, if none was left out. */
  get #reached(): number {
    return [...this.#tally.last.values()].reduce((sum, last) => sum + last, 0);
  }

  #start(server: ChaosServer): void {
    this.#tally.samples = [];
    this.#isEndWanted = false;
    const consumer = new URL('consumer.ts', import.meta.url).pathname;
    const cursor = join(this.#folder, 'cursor.db');
    const child = spawn(
      process.execPath,
      [
        ...process.execArgv,
        consumer,
        server.url,
        `${this.#options.streams}`,
        cursor,
        this.#records,
      ],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    this.#child = child;
    child.once('exit', () => {
      if (!this.#isEndWanted) {
        this.#crashes += 1;
        this.#start(server);
      }
    });
  }

  #stop(): Promise<void> {
    return this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    this.#isEndWanted = true;
    const child = this.#child;
    if (child !== undefined && child.exitCode === null) {
      const exited = once(child, 'exit');
      child.kill(signal);
      await exited;
    }
  }

  #hear(entry: ChaosEntry): void {
    if (entry.type === 'request' && entry.fault !== undefined) {
      this.#recovery.began(entry.stream, entry.fault.type);
    } else if (entry.type === 'closed') {
      this.#recovery.struck(entry.stream, performance.timeOrigin + entry.at);
    }
  }

  get #records(): string {
    return join(this.#folder, 'records');
  }

  /** Takes in what has been written down since the last time; half a line waits for its other half. */
  #read(): void {
    const file = openSync(this.#records, 'r');
    const buffer = Buffer.alloc(2 ** 20);
    for (;;) {
      const length = readSync(file, buffer, 0, buffer.length, this.#offset);
      const end = buffer.subarray(0, length).lastIndexOf(10) + 1;
      if (end === 0) {
        break;
      }
      this.#offset += end;
      for (const line of buffer.toString('utf8', 0, end - 1).split('\n')) {
        this.#tally.add(read(line));
      }
    }
    closeSync(file);
  }

  #report(produced: number, slope: number | undefined): SoakReport {
    const { handled, repeated, outOfOrder, restarts, connects, highestRss, openHandles } =
      this.#tally;
    return {
      ...this.#options,
      produced,
      handled,
      lost: produced - (handled - repeated),
      repeated,
      outOfOrder,
      reconnects: Math.max(0, connects - this.#options.streams * (this.#kills + 1)),
      restarts,
      kills: this.#kills,
      crashes: this.#crashes,
      highestRss,
      rssSlope: slope ?? null,
      openHandles: openHandles ?? null,
      worstRecovery: this.#recovery.worst,
    };
  }
}

/** A small generator of numbers from 0 up to 1, named mulberry32. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
