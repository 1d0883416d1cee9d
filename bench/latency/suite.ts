import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { Argument, Command } from 'commander';

import { quietMachine } from '../machine.ts';
import { addOptions, type Options, wholeNumber } from '../options.ts';
import { formatRows, type Goal, type Row, rowsJson } from '../streams/report.ts';
import { possibleStreams, startServer } from '../streams/server.ts';
import { runInTurns } from '../streams/turns.ts';
import type { Reading } from './client.ts';

/** Ratios are to the first. */
const contenders = ['floor', 'reprise', 'reprise-resilient', 'got', 'eventsource'];

export const latency: Command = addOptions(
  new Command('latency')
    .description('many streams with an event a second each: how late do they come?')
    .addArgument(new Argument('[name...]', 'only these').choices(contenders))
    .option('--streams <N>', 'how many (default: 10,000)', wholeNumber),
  3,
).action(async (names: readonly string[], options: Options & { readonly streams?: number }) => {
  const { json = false, quick = false, rounds = quick ? 1 : 3 } = options;
  const { streams = quick ? 500 : 10_000 } = options;
  const machine = await quietMachine(options);
  const held = possibleStreams(streams);
  const chosen = contenders.filter((name) => names.length === 0 || names.includes(name));
  const readings = await runInTurns(chosen, rounds, (contender) => {
    console.error(contender);
    return run(contender, held, quick ? 2 : 10);
  });
  const rows = figures.map((figure) => rowOf(figure, readings, held));
  console.log(json ? rowsJson(machine, rows) : formatRows(machine, rows, rounds));
});

interface Figure {
  readonly name: keyof Reading;
  readonly title: string;
  readonly unit: string;
  readonly goal?: Goal;
}

const figures: readonly Figure[] = [
  { name: 'p50', title: "median, from the server's write to the handler", unit: 'ms' },
  {
    name: 'p99',
    title: '99th percentile',
    unit: 'ms',
    goal: { type: 'times', atMost: 1.5 },
  },
  { name: 'longest', title: 'longest', unit: 'ms' },
  { name: 'fewest', title: 'events of the stream that had the fewest', unit: '' },
];

function rowOf(
  { name, title, unit, goal }: Figure,
  readings: ReadonlyMap<string, readonly Reading[] | undefined>,
  streams: number,
): Row {
  return {
    bench: 'latency',
    work: name,
    title: `${title} (${streams} streams)`,
    unit,
    samples: new Map(
      [...readings].map(([contender, each]) => [contender, each?.map((reading) => reading[name])]),
    ),
    ...(goal === undefined ? {} : { goal }),
  };
}

/** For the whole run of a client, in ms. */
const timeout = 180_000;

/**
 * Rejects when events are missing: each stream has to have one per second, except one at the start
 * or the end.
 */
async function run(contender: string, streams: number, seconds: number): Promise<Reading> {
  const { server, port } = await startServer(
    fileURLToPath(new URL('server.ts', import.meta.url)),
    `${streams}`,
  );
  try {
    const url = `http://127.0.0.1:${port}/`;
    const client = fileURLToPath(new URL('client.ts', import.meta.url));
    const args = [
      '--conditions=@reprise/source',
      client,
      contender,
      `${streams}`,
      `${seconds}`,
      url,
    ];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout });
    const reading = JSON.parse(stdout) as Reading;
    if (reading.fewest < seconds - 1) {
      throw new Error(`Expected ${seconds} events on every stream, got ${reading.fewest} on one`);
    }
    return reading;
  } finally {
    server.kill();
  }
}
