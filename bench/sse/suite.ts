import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { Argument, Command } from 'commander';

import { describeMachine } from '../machine.ts';
import { addOptions, type Options } from '../options.ts';
import { formatRows, type Row, rowsJson } from '../streams/report.ts';
import { startServer } from '../streams/server.ts';
import { runInTurns } from '../streams/turns.ts';
import type { Reading } from './client.ts';
import { checksumOf, eventOf, allContenders, type Goal, type Work, works } from './work.ts';

export const sse: Command = addOptions(
  new Command('sse')
    .description('reads streams as fast as it can be done, with this client and with others')
    .addArgument(new Argument('[name...]', 'only these').choices(works.map(({ name }) => name))),
  5,
).action(async (names: readonly string[], options: Options) => {
  const { json = false, quick = false, rounds = quick ? 1 : 5 } = options;
  const machine = describeMachine();
  const chosen = works.filter(({ name }) => names.length === 0 || names.includes(name));
  const rows = await playAll(chosen, rounds, quick ? 20 : 1);
  console.log(json ? rowsJson(machine, rows) : formatRows(machine, rows, rounds));
});

async function playAll(chosen: readonly Work[], rounds: number, part: number): Promise<Row[]> {
  const { server, port } = await startServer(fileURLToPath(new URL('server.ts', import.meta.url)));
  const rows: Row[] = [];
  for (const work of chosen) {
    console.error(`${work.title} (${rows.length + 1} of ${chosen.length})`);
    rows.push(await play(work, `http://127.0.0.1:${port}/${work.name}`, rounds, part));
  }
  server.kill();
  return rows;
}

async function play(work: Work, url: string, rounds: number, part: number): Promise<Row> {
  const modules = work.contenders ?? allContenders;
  const readings = await runInTurns(Object.keys(modules), rounds, (contender) => {
    const share = slow.has(contender) ? part * 20 : part;
    return run(modules[contender] ?? contender, work, url, Math.ceil(work.events / share));
  });
  // Opening a stream is mainly a wait: the rate counts. Otherwise the CPU time of the
  // client counts: the server runs at the same time.
  const unit = work.streams === undefined ? 'CPU µs an event' : 'ms a stream';
  return {
    bench: 'sse',
    work: work.name,
    title: work.title,
    unit,
    samples: new Map(
      [...readings].map(([contender, each]) => [
        contender,
        each?.map(({ handled, cpu, wall }) =>
          work.streams === undefined ? (cpu / handled) * 1e6 : (wall / handled) * 1e3,
        ),
      ]),
    ),
    goal: goalOf(work.goal),
  };
}

/**
 * Contenders that need a hundred times the CPU of all others. They read fewer events; the figure is
 * per event.
 */
const slow: ReadonlySet<string> = new Set(['launchdarkly-eventsource']);

function goalOf({ type, atMost }: Goal): NonNullable<Row['goal']> {
  return type === 'times'
    ? { title: `≤ ${atMost} ×`, isMet: (value, first) => value <= atMost * first }
    : { title: `≤ ${atMost} µs more`, isMet: (value, first) => value - first <= atMost };
}

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
