import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { Argument, Command, InvalidArgumentError } from 'commander';

import { describeMachine, type Machine } from '../machine.ts';
import { align } from '../report.ts';
import type { Reading } from './client.ts';
import { checksumOf, eventOf, type Work, works } from './work.ts';

/** Ours first, and what everything is measured against. */
const contenders = [
  'floor',
  'reprise',
  'reprise-resilient',
  'reprise-cursor',
  'got',
  'fetch',
  'eventsource-client',
  'eventsource',
  'fetch-event-source',
  'undici',
  'event-source-plus',
] as const;

type Contender = (typeof contenders)[number];

interface Options {
  readonly json?: boolean;
  readonly quick?: boolean;
  readonly rounds?: number;
}

interface Row {
  readonly work: Work;
  /** How many were read. */
  readonly events: number;
  /** CPU seconds, by contender: one a round; `undefined` for one that did not come to the end. */
  readonly samples: ReadonlyMap<Contender, readonly number[] | undefined>;
}

export const sse: Command = new Command('sse')
  .description('reads streams as fast as it can be done, with this client and with others')
  .addArgument(new Argument('[name...]', 'only these').choices(works.map(({ name }) => name)))
  .option('--json', 'print one JSON document')
  .option('--rounds <N>', 'how often each program runs (default: 3)', wholeNumber)
  .option('--quick', 'a twentieth of the events, once: does everything still run?')
  .action(async (names: readonly string[], options: Options) => {
    const { json = false, quick = false, rounds = quick ? 1 : 3 } = options;
    const machine = describeMachine();
    const chosen = works.filter(({ name }) => names.length === 0 || names.includes(name));
    const rows = await playAll(chosen, rounds, quick ? 20 : 1);
    console.log(json ? jsonOf(machine, rows) : format(machine, rows, rounds));
  });

async function playAll(chosen: readonly Work[], rounds: number, part: number): Promise<Row[]> {
  const server = spawn(process.execPath, [fileURLToPath(new URL('server.ts', import.meta.url))], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [port] = (await once(server.stdout, 'data')) as [Buffer];
  const rows: Row[] = [];
  for (const work of chosen) {
    console.error(`${work.title} (${rows.length + 1} of ${chosen.length})`);
    const url = `http://127.0.0.1:${port.toString().trim()}/${work.name}`;
    const events = Math.ceil(work.events / part);
    rows.push({ work, events, samples: await playRounds(work, url, rounds, events) });
  }
  server.kill();
  return rows;
}

/** In turns, so that a machine that is busier in one minute than in the next wrongs all alike; after one round that does not count. */
async function playRounds(
  work: Work,
  url: string,
  rounds: number,
  events: number,
): Promise<Row['samples']> {
  const samples = new Map<Contender, number[] | undefined>(contenders.map((name) => [name, []]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const [name, before] of samples) {
      if (before !== undefined) {
        const reading = await run(name, work, url, events);
        samples.set(
          name,
          reading === undefined ? undefined : round === 0 ? [] : [...before, reading],
        );
      }
    }
  }
  return samples;
}

/** In ms: far more than any of them needs that does not hang. */
const patience = 30_000;

/** The CPU that the program needed; `undefined` if it did not come to the end, or to another sum than all others. */
async function run(
  name: Contender,
  work: Work,
  url: string,
  events: number,
): Promise<number | undefined> {
  const program = fileURLToPath(new URL(`contender/${name}.ts`, import.meta.url));
  try {
    const args = ['--conditions=@reprise/source', program, url, `${events}`];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: patience });
    const { handled, checksum, cpu } = JSON.parse(stdout) as Reading;
    const expected = events * checksumOf(dataOf(work));
    if (handled !== events || checksum !== expected) {
      throw new Error(
        `Expected ${events} events of sum ${expected}, got ${handled} of ${checksum}`,
      );
    }
    return cpu;
  } catch (error) {
    console.error(`${work.title}: ${name} FAILED: ${String(error).split('\n')[0]}`);
    return undefined;
  }
}

function dataOf(work: Work): string {
  const lines = eventOf(work)
    .split(/\r?\n/)
    .filter((line) => line.startsWith('data: '));
  return lines.map((line) => line.slice('data: '.length)).join('\n');
}

function format(machine: Machine, rows: readonly Row[], rounds: number): string {
  const { processor, processors, load, isBusy } = machine;
  return [
    `node ${process.versions.node}; ${processors} × ${processor}; load ${load.toFixed(1)} before the run; median of ${rounds}`,
    ...(isBusy ? ['BUSY MACHINE: the ratios are uncertain'] : []),
    'CPU of the client process, as a multiple of the floor: node:http, setEncoding, eventsource-parser',
    '',
    ...align([
      ['', 'floor, µs an event', ...contenders.slice(1), 'to reach'],
      ...rows.map(({ work, events, samples }) => [
        work.title,
        (((medianOf(samples, 'floor') ?? Number.NaN) / events) * 1e6).toFixed(2),
        ...contenders.slice(1).map((name) => ratioOf(samples, name)?.toFixed(2) ?? 'failed'),
        `≤ ${work.atMost}`,
      ]),
    ]),
  ].join('\n');
}

function jsonOf(machine: Machine, rows: readonly Row[]): string {
  const results = rows.flatMap(({ work, samples }) =>
    contenders.map((contender) => ({
      bench: 'sse',
      work: work.name,
      contender,
      value: medianOf(samples, contender) ?? null,
      unit: 'CPU seconds',
      ratio: ratioOf(samples, contender) ?? null,
      samples: samples.get(contender) ?? [],
    })),
  );
  return JSON.stringify({ machine, results }, undefined, 2);
}

function ratioOf(samples: Row['samples'], name: Contender): number | undefined {
  const [own, floor] = [medianOf(samples, name), medianOf(samples, 'floor')];
  return own === undefined || floor === undefined ? undefined : own / floor;
}

function medianOf(samples: Row['samples'], name: Contender): number | undefined {
  const sorted = (samples.get(name) ?? []).toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new InvalidArgumentError(`Expected a whole number from 1 on, got ${text}`);
  }
  return value;
}
