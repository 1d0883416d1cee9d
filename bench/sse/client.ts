/**
 * `node client.ts CONTENDER WORK EVENTS URL`: reads with that contender and prints the time as
 * JSON. With one stream the time runs from the first event on: the start does not count. With many
 * it runs from the first request on.
 */
import { type Follow, followOf } from '../streams/follow.ts';
import { checksumOf, warmUpOf, works } from './work.ts';

export interface Reading {
  /** The events after the start of the time. */
  readonly handled: number;
  readonly checksum: number;
  /** The CPU time of this process, in seconds. */
  readonly cpu: number;
  /** With one stream: the part of `cpu` after the events of the warm-up. */
  readonly steadyCpu: number;
  readonly wall: number;
}

const [name = '', workName, events, url = ''] = process.argv.slice(2);
const expected = Number(events);
const streams = works.find((work) => work.name === workName)?.streams;
const follow = await followOf(name);
if (streams === undefined) {
  readOne(follow, warmUpOf(expected));
} else {
  openMany(follow, streams.atATime);
}

function readOne(follow: Follow, warmUp: number): void {
  let cpu: NodeJS.CpuUsage | undefined;
  let steady: NodeJS.CpuUsage | undefined;
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
    if (handled === warmUp) {
      steady = process.cpuUsage();
    } else if (handled === expected) {
      print(handled, checksum, cpu, from, steady);
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

function print(
  handled: number,
  checksum: number,
  cpu: NodeJS.CpuUsage,
  from: number,
  steady: NodeJS.CpuUsage = cpu,
): void {
  const wall = (performance.now() - from) / 1000;
  const reading: Reading = {
    handled,
    checksum,
    cpu: secondsSince(cpu),
    steadyCpu: secondsSince(steady),
    wall,
  };
  process.stdout.write(JSON.stringify(reading), () => process.exit());
}

function secondsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}
