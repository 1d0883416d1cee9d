import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { Argument, Command } from 'commander';

import { quietMachine } from '../machine.ts';
import { addOptions, type Options } from '../options.ts';
import { formatRows, type Row, rowsJson } from '../streams/report.ts';
import { startServer } from '../streams/server.ts';
import { runInTurns, type Samples } from '../streams/turns.ts';
import type { Reading } from './client.ts';
import { checksumOf, eventOf, allContenders, warmUpOf, type Work, works } from './work.ts';

export const sse: Command = addOptions(
  new Command('sse')
    .description('reads streams as fast as it can be done, with this client and with others')
    .addArgument(new Argument('[name...]', 'only these').choices(works.map(({ name }) => name))),
  7,
).action(async (names: readonly string[], options: Options) => {
  const { json = false, quick = false, rounds = quick ? 1 : 7 } = options;
  const machine = await quietMachine(options);
  const chosen = works.filter(({ name }) => names.length === 0 || names.includes(name));
  const rows = await playAll(chosen, rounds, quick ? 20 : 1);
  console.log(json ? rowsJson(machine, rows) : formatRows(machine, rows, rounds));
});

async function playAll(chosen: readonly Work[], rounds: number, part: number): Promise<Row[]> {
  const { server, port } = await startServer(fileURLToPath(new URL('server.ts', import.meta.url)));
  const rows: Row[] = [];
  for (const [at, work] of chosen.entries()) {
    console.error(`${work.title} (${at + 1} of ${chosen.length})`);
    rows.push(...(await play(work, `http://127.0.0.1:${port}/${work.name}`, rounds, part)));
  }
  server.kill();
  return rows;
}

async function play(work: Work, url: string, rounds: number, part: number): Promise<Row[]> {
  const modules = work.contenders ?? allContenders;
  const readings = await runInTurns(Object.keys(modules), rounds, (contender) => {
    const share = part * (slow[contender] ?? 1);
    return run(modules[contender] ?? contender, work, url, Math.ceil(work.events / share));
  });
  return work.streams === undefined
    ? [steadyRow(work, readings), warmUpRow(work, readings)]
    : [openingRow(work, readings)];
}

type Readings = ReadonlyMap<string, readonly Reading[] | undefined>;

/** The CPU time of the client counts, not the time in all: the server runs at the same time. */
function steadyRow(work: Work, readings: Readings): Row {
  return {
    bench: 'sse',
    work: work.name,
    title: `${work.title}: one more event`,
    unit: 'CPU µs',
    samples: samplesOf(readings, (reading) => steadyOf(reading) * 1e6),
    goal: work.goal,
  };
}

/** The CPU time up to the end of the warm-up, without the steady cost of its events. */
function warmUpRow(work: Work, readings: Readings): Row {
  const comparable = new Map([...readings].filter(([contender]) => slow[contender] === undefined));
  return {
    bench: 'sse',
    work: `${work.name} warm-up`,
    title: `${work.title}: the first request and the warm-up`,
    unit: 'CPU ms',
    samples: samplesOf(comparable, (reading) => {
      return (reading.cpu - reading.handled * steadyOf(reading)) * 1e3;
    }),
    ...(work.warmUpGoal === undefined ? {} : { goal: work.warmUpGoal }),
  };
}

/** Opening a stream is mainly a wait: the rate counts. */
function openingRow(work: Work, readings: Readings): Row {
  return {
    bench: 'sse',
    work: work.name,
    title: work.title,
    unit: 'ms a stream',
    samples: samplesOf(readings, ({ wall, handled }) => (wall / handled) * 1e3),
    goal: work.goal,
  };
}

function samplesOf(readings: Readings, valueOf: (reading: Reading) => number): Samples {
  return new Map([...readings].map(([contender, each]) => [contender, each?.map(valueOf)]));
}

/** The CPU time of one event after the warm-up, in seconds. */
function steadyOf({ handled, steadyCpu }: Reading): number {
  return steadyCpu / (handled - warmUpOf(handled));
}

/**
 * Contenders that need several times the CPU of the floor read this part of the events; the steady
 * cost is that of one event.
 */
const slow: Readonly<Record<string, number>> = {
  eventsource: 4,
  'undici-eventsource': 4,
  'fetch-event-source': 4,
  'event-source-plus': 4,
  'launchdarkly-eventsource': 80,
};

/** Far more than a contender needs, in ms: it ends one that hangs. */
const timeout = 60_000;

/** Rejects if the program does not end, or if its checksum is not that of all others. */
async function run(module: string, work: Work, url: string, events: number): Promise<Reading> {
  const program = fileURLToPath(new URL('client.ts', import.meta.url));
  const args = ['--conditions=@reprise/source', program, module, work.name, `${events}`, url];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout });
  const reading = JSON.parse(stdout) as Reading;
  const expected = events * checksumOf(dataOf(work));
  if (reading.handled !== events || reading.checksum !== expected) {
    throw new Error(
      `Expected ${events} events of sum ${expected}, got ${reading.handled} of ${reading.checksum}`,
    );
  }
  return reading;
}

function dataOf(work: Work): string {
  const lines = eventOf(work)
    .split(/\r?\n/)
    .filter((line) => line.startsWith('data: '));
  return lines.map((line) => line.slice('data: '.length)).join('\n');
}
