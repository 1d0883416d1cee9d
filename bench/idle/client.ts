/**
 * `node --expose-gc client.ts CONTENDER STREAMS SECONDS URL`, with a channel: opens them, is idle
 * for so long, and says what they take; then when the second event has been handled on all; then
 * when all have come back from a cut.
 */
import { setTimeout as after } from 'node:timers/promises';

import { followOf } from '../streams/follow.ts';

export type Notice =
  | {
      readonly type: 'opened';
      /** For all of them together, in s. */
      readonly wall: number;
      /** Of one, in bytes. */
      readonly heap: number;
      readonly rss: number;
      /** Of this process while nothing comes: CPU ms a second. */
      readonly idleCpu: number;
    }
  /** When the last handler ran, in ns of the machine's monotonic clock. */
  | { readonly type: 'handled'; readonly at: string }
  /**
   * When the last stream had its first event again, and what one takes on the heap now, in bytes.
   */
  | { readonly type: 'back'; readonly at: string; readonly heap: number };

const [name = '', streamsText, idleSeconds, url = ''] = process.argv.slice(2);
const streams = Number(streamsText);
/** How many are being opened at a time. */
const atATime = 50;

/** A count for each stream that ever was opened: no stream may stand in for another. */
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

  /** When so many streams have come to this count, those that have already not counted. */
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

// Some contenders let the program end when all their streams are cut.
process.channel?.ref();

const follow = await followOf(name);
// What is loaded and made once is not a stream's.
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
  // What timers and sockets still hold on to goes with the next turns of the event loop.
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
