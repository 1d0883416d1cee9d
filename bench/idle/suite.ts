import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { Argument, Command } from 'commander';

import { quietMachine } from '../machine.ts';
import { addOptions, type Options, wholeNumber } from '../options.ts';
import { formatRows, type Goal, type Row, rowsJson } from '../streams/report.ts';
import { possibleStreams, startServer } from '../streams/server.ts';
import { runInTurns } from '../streams/turns.ts';
import type { Notice } from './client.ts';
import type { Count, Order } from './server.ts';

/** Ratios are to the first. */
const contenders = ['got', 'floor', 'eventsource', 'reprise', 'reprise-resilient'];
const comesBack: ReadonlySet<string> = new Set(['eventsource', 'reprise', 'reprise-resilient']);

/** By the name of the figure. */
type Reading = Readonly<Record<string, number>>;

export const idle: Command = addOptions(
  new Command('idle')
    .description('holds many streams open on which nothing comes, then wakes and cuts them all')
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
    return run(contender, held, quick ? 1 : 5);
  });
  const rows = figures.map((figure) => rowOf(figure, readings, held));
  console.log(json ? rowsJson(machine, rows) : formatRows(machine, rows, rounds));
});

interface Figure {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly goal?: Goal;
}

function limit(atMost: number): Goal {
  return { type: 'limit', atMost };
}

const figures: readonly Figure[] = [
  { name: 'heap', title: 'heap', unit: 'KB a stream', goal: limit(20) },
  { name: 'rss', title: 'RSS', unit: 'KB a stream' },
  { name: 'connects', title: 'opening', unit: 'ms a stream' },
  { name: 'idleCpu', title: 'CPU while nothing comes', unit: 'ms a second' },
  { name: 'broadcast', title: 'an event to all: last handler', unit: 's', goal: limit(1) },
  { name: 'back', title: 'all cut at once: last one back', unit: 's' },
  { name: 'mostASecond', title: '… accepted within a second', unit: 'at most' },
  { name: 'requests', title: '… requests a stream', unit: '' },
  { name: 'heapAfter', title: '… heap afterwards, of that before', unit: '×', goal: limit(1.05) },
];

function rowOf(
  { name, title, unit, goal }: Figure,
  readings: ReadonlyMap<string, readonly Reading[] | undefined>,
  streams: number,
): Row {
  const samples = new Map(
    [...readings].map(([contender, each]) => [
      contender,
      each?.map((reading) => reading[name]).filter((value) => value !== undefined),
    ]),
  );
  // Contenders that do not reconnect are left out of the rows about reconnecting.
  const measured = new Map([...samples].filter(([, values]) => values?.length !== 0));
  return {
    bench: 'idle',
    work: name,
    title: `${title} (${streams} streams)`,
    unit,
    samples: measured,
    ...(goal === undefined ? {} : { goal }),
  };
}

/** The limit for all streams to open, and for all to reconnect, in ms. */
const timeout = 180_000;

async function run(contender: string, streams: number, idleSeconds: number): Promise<Reading> {
  const program = fileURLToPath(new URL('server.ts', import.meta.url));
  const { server, port } = await startServer(program);
  const args = [contender, `${streams}`, `${idleSeconds}`, `http://127.0.0.1:${port}/`];
  const client = fork(fileURLToPath(new URL('client.ts', import.meta.url)), args, {
    execArgv: ['--conditions=@reprise/source', '--expose-gc'],
  });
  try {
    return await play(contender, streams, server, client);
  } finally {
    client.kill();
    server.kill();
  }
}

async function play(
  contender: string,
  streams: number,
  server: ChildProcess,
  client: ChildProcess,
): Promise<Reading> {
  const { wall, heap, rss, idleCpu } = await nextNotice(client, 'opened');
  order(server, 'broadcast');
  const { at } = await nextNotice(client, 'handled');
  const { broadcastAt } = await counted(server);
  const held = {
    heap: heap / 1024,
    rss: rss / 1024,
    connects: (wall / streams) * 1000,
    idleCpu,
    broadcast: secondsBetween(broadcastAt, at),
  };
  return comesBack.has(contender)
    ? { ...held, ...(await cut(server, client, streams, heap)) }
    : held;
}

async function cut(
  server: ChildProcess,
  client: ChildProcess,
  streams: number,
  heap: number,
): Promise<Reading> {
  const from = process.hrtime.bigint();
  order(server, 'cut');
  const back = await nextNotice(client, 'back');
  const { mostASecond, accepted, open } = await counted(server);
  if (open !== streams + 1) {
    throw new Error(`Expected ${streams + 1} streams to be open again, got ${open}`);
  }
  return {
    back: secondsBetween(String(from), back.at),
    mostASecond,
    requests: accepted / (streams + 1),
    heapAfter: back.heap / heap,
  };
}

function order(server: ChildProcess, message: Order): void {
  server.send(message);
}

async function counted(server: ChildProcess): Promise<Count> {
  const answer = once(server, 'message');
  order(server, 'count');
  const [count] = (await answer) as [Count];
  return count;
}

async function nextNotice<Type extends Notice['type']>(
  client: ChildProcess,
  type: Type,
): Promise<Extract<Notice, { readonly type: Type }>> {
  const late = AbortSignal.timeout(timeout);
  const ended = once(client, 'exit', { signal: late }).then(() => {
    throw new Error(`Expected ${type}, got the end of the program`);
  });
  const [notice] = (await Promise.race([once(client, 'message', { signal: late }), ended])) as [
    Notice,
  ];
  if (notice.type !== type) {
    throw new Error(`Expected ${type}, got ${notice.type}`);
  }
  return notice as Extract<Notice, { readonly type: Type }>;
}

function secondsBetween(from: string, to: string): number {
  return Number(BigInt(to) - BigInt(from)) / 1e9;
}
