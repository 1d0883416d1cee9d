/**
 * `node client.ts CONTENDER WORK EVENTS URL`: reads with that contender and prints the time as
 * JSON. With one stream the time runs from the first event on: the start does not count. With many
 * it runs from the first request on.
 */
import { type Follow, followOf } from '../streams/follow.ts';
import { checksumOf, works } from './work.ts';

export interface Reading {
  /** The events after the start of the time. */
  readonly handled: number;
  readonly checksum: number;
  /** The CPU time of this process, in seconds. */
  readonly cpu: number;
  readonly wall: number;
}

const [name = '', workName, events, url = ''] = process.argv.slice(2);
const expected = Number(events);
const streams = works.find((work) => work.name === workName)?.streams;
const follow = await followOf(name);
if (streams === undefined) {
  readOne(follow);
} else {
  openMany(follow, streams.atATime);
}

function readOne(follow: Follow): void {
  let cpu: NodeJS.CpuUsage | undefined;
  let from = 0;
  let handled = 0;
  let checksum = 0;
  follow(url, (data) => {
    if (cpu === undefined) {
      from = performance.now();
      cpu = process.cpuUsage();
      return;
    }
    handled += 1;
    checksum += checksumOf(data);
    if (handled === expected) {
      print(handled, checksum, cpu, from);
    }
  });
}

function openMany(follow: Follow, atATime: number): void {
  const cpu = process.cpuUsage();
  const from = performance.now();
  let opened = 0;
  let handled = 0;
  let checksum = 0;
  const open = (): void => {
    opened += 1;
    follow(url, (data) => {
      handled += 1;
      checksum += checksumOf(data);
      if (handled === expected) {
        print(handled, checksum, cpu, from);
      } else if (opened < expected) {
        open();
      }
    });
  };
  for (let each = 0; each < Math.min(atATime, expected); each++) {
    open();
  }
}

function print(handled: number, checksum: number, cpu: NodeJS.CpuUsage, from: number): void {
  const { user, system } = process.cpuUsage(cpu);
  const wall = (performance.now() - from) / 1000;
  const reading: Reading = { handled, checksum, cpu: (user + system) / 1e6, wall };
  process.stdout.write(JSON.stringify(reading), () => process.exit());
}
