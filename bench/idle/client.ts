/**
 * `node --expose-gc client.ts CONTENDER STREAMS SECONDS URL`, with an IPC channel. It opens the
 * streams, is idle for SECONDS s, and sends their memory and CPU time; then the time at which
 * the second event has been handled on all streams; then the time at which all have reconnected
 * after the server closed them.
 */
import { setTimeout as after } from 'node:timers/promises';

import { followOf } from '../streams/follow.ts';

export type Notice =
  | {
      readonly type: 'opened';
      /** The time to open all streams, in s. */
      readonly wall: number;
      /** Per stream, in bytes; `rss` too. */
      readonly heap: number;
      readonly rss: number;
      /** The CPU time of this process while no event arrives, in ms per second. */
      readonly idleCpu: number;
    }
  /** When the last handler ran, in ns of the machine's monotonic clock. */
  | { readonly type: 'handled'; readonly at: string }
  /**
   * When the last stream had its first event again, and the heap that one stream takes now, in
   * bytes.
   */
  | { readonly type: 'back'; readonly at: string; readonly heap: number };

const [name = '', streamsText, idleSeconds, url = ''] = process.argv.slice(2);
const streams = Number(streamsText);
/** How many streams are being opened at a time. */
const atATime = 50;

/** Counts the events of each stream: two on one stream are not one on each of two. */
class Tally {
  readonly #counts: number[] = [];
  readonly #reached: (() => void)[] = [];
  readonly #missing: number[] = [];

  add(stream: number): void {
    const count = (this.#counts[stream] ?? 0) + 1;
    this.#counts[stream] = count;
    const missing = (this.#missing[count] ?? 0) - 1;
    this.#missing[count] = missing;
    if (missing === 0) {
      this.#reached[count]?.();
    }
  }

  /** Resolves when `streams` more streams have reached this count. */
  reached(count: number, streams: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#missing[count] = streams;
    this.#reached[count] = resolve;
    return promise;
  }
}

const firsts = new Tally();
const seconds = new Tally();
let opened = 0;

// Some contenders would let the program exit when all their streams are closed.
process.channel?.ref();

const follow = await followOf(name);
// Loads the modules and shared objects, which are not part of the cost of a stream.
await open(1);
const empty = await measured();
const from = performance.now();
await open(streams);
const wall = (performance.now() - from) / 1000;
const full = await measured();
const secondsReached = seconds.reached(1, opened);
const idleCpu = await idle();
const back = firsts.reached(2, opened);
say({
  type: 'opened',
  wall,
  heap: (full.heapUsed - empty.heapUsed) / streams,
  rss: (full.rss - empty.rss) / streams,
  idleCpu,
});
await secondsReached;
say({ type: 'handled', at: now() });
await back;
const at = now();
say({ type: 'back', at, heap: ((await measured()).heapUsed - empty.heapUsed) / streams });

async function open(count: number): Promise<void> {
  const all = firsts.reached(1, count);
  const last = opened + count;
  const openNext = (): void => {
    if (opened < last) {
      openOne(openNext);
    }
  };
  for (let each = 0; each < atATime; each++) {
    openNext();
  }
  await all;
}

function openOne(isOpen: () => void): void {
  const stream = opened;
  opened += 1;
  let next: (() => void) | undefined = isOpen;
  follow(url, (data) => {
    if (data === 'first') {
      firsts.add(stream);
      next?.();
      next = undefined;
    } else {
      seconds.add(stream);
    }
  });
}

async function measured(): Promise<NodeJS.MemoryUsage> {
  if (globalThis.gc === undefined) {
    throw new Error('Expected node to be run with --expose-gc');
  }
  // Timers and sockets release their memory in the next turns of the event loop.
  await after(500);
  await globalThis.gc({ execution: 'async', flavor: 'last-resort' });
  return process.memoryUsage();
}

async function idle(): Promise<number> {
  const cpu = process.cpuUsage();
  await after(Number(idleSeconds) * 1000);
  const { user, system } = process.cpuUsage(cpu);
  return (user + system) / 1000 / Number(idleSeconds);
}

function now(): string {
  return String(process.hrtime.bigint());
}

function say(notice: Notice): void {
  process.send?.(notice);
}
