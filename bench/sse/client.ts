import { checksumOf } from './work.ts';

/** What a contender's program prints, as JSON. */
export interface Reading {
  readonly handled: number;
  readonly checksum: number;
  /** Of this process, from the start of the request to the last event, in seconds. */
  readonly cpu: number;
  readonly wall: number;
}

/** Runs the work that the program's arguments say: `URL EVENTS`. `follow` is given where to, and what to call with the data of each event. */
export function measure(follow: (url: string, handle: (data: string) => void) => unknown): void {
  const [url = '', events = ''] = process.argv.slice(2);
  const expected = Number(events);
  let handled = 0;
  let checksum = 0;
  const cpu = process.cpuUsage();
  const from = performance.now();
  follow(url, (data) => {
    handled += 1;
    checksum += checksumOf(data);
    if (handled === expected) {
      const { user, system } = process.cpuUsage(cpu);
      const wall = (performance.now() - from) / 1000;
      const reading: Reading = { handled, checksum, cpu: (user + system) / 1e6, wall };
      process.stdout.write(JSON.stringify(reading), () => process.exit());
    }
  });
}
