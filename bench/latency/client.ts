/**
 * `node client.ts CONTENDER STREAMS SECONDS URL`: reads all streams and prints the delays of the
 * events as JSON. The first second does not count.
 */
import { followOf } from '../streams/follow.ts';

export interface Reading {
  /** The delays of all events, in ms, from the server's write to the handler. */
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
  /** The number of events of the stream with the fewest. */
  readonly fewest: number;
  readonly events: number;
}

const [name = '', streamsText, secondsText, url = ''] = process.argv.slice(2);
const streams = Number(streamsText);
const seconds = Number(secondsText);
const counts = new Uint32Array(streams);
let lateness: number[] = [];

const follow = await followOf(name);
let opened = 0;
let isStarted = false;
open();

/**
 * Opens ten streams every 30 ms, slower than any contender can: how a program sees that a stream is
 * open differs between contenders.
 */
function open(): void {
  for (let each = 0; each < 10 && opened < streams; each++) {
    const stream = opened;
    opened += 1;
    follow(url, (data) => {
      take(stream, data);
    });
  }
  if (opened < streams) {
    setTimeout(open, 30);
  }
}

function take(stream: number, data: string): void {
  lateness.push(Number(process.hrtime.bigint() - BigInt(data)) / 1e6);
  counts[stream] = (counts[stream] ?? 0) + 1;
  if (!isStarted) {
    isStarted = true;
    setTimeout(() => {
      lateness = [];
      counts.fill(0);
      setTimeout(print, seconds * 1000);
    }, 1000);
  }
}

function print(): void {
  const sorted = Float64Array.from(lateness).toSorted();
  const at = (part: number): number => sorted[Math.floor((sorted.length - 1) * part)] ?? Number.NaN;
  const reading: Reading = {
    p50: at(0.5),
    p99: at(0.99),
    longest: at(1),
    fewest: Math.min(...counts),
    events: sorted.length,
  };
  process.stdout.write(JSON.stringify(reading), () => process.exit());
}
