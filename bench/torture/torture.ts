import { setTimeout as delay } from 'node:timers/promises';

import { type Random, randomOf } from '@reprise/sse/testing';

import type { Database } from './database.ts';
import { type FaultSample, nodeFaults, type PlayFault, type World } from './faults.ts';
import { Fleet } from './fleet.ts';
import { ListChanges } from './list-changes.ts';
import { machineTime } from './machine-time.ts';
import { quantile } from './moves.ts';

export interface TortureOptions {
  readonly minutes: number;
  readonly streams: number;
  readonly nodes: number;
  /** How many events a stream has in a second. */
  readonly rate: number;
  readonly seed: number;
  /** Whether the streams are rows that come, change and go meanwhile. */
  readonly lists: boolean;
  /** How many of the streams kill the process of their handler. */
  readonly poison: number;
}

/** Times are in ms. */
export interface TortureReport extends TortureOptions {
  readonly ttl: number;
  /** How often each fault was played. */
  readonly played: Readonly<Record<string, number>>;
  readonly effects: number;
  readonly twoOwners: number;
  readonly lost: number;
  readonly twice: number;
  readonly outOfOrder: number;
  readonly fallen: number;
  /** How often rows of the list have come, changed or gone. */
  readonly listChanges: number;
  readonly poisoned: readonly Poisoned[];
  readonly failover: Times;
  readonly gap: Times;
  /** The broken rules, a line each. */
  readonly problems: readonly string[];
}

/** A stream that kills. */
export interface Poisoned {
  readonly stream: string;
  /** How many processes have died of it. */
  readonly deaths: number;
  readonly isParked: boolean;
}

export interface Times {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** The longest without the time for which the machine kept a process waiting. */
  readonly maxUnstalled: number;
  readonly p99Unstalled: number;
  /** The fault of the longest. */
  readonly longestAt: string | undefined;
}

/** T of the nodes. */
const ttl = 3000;
/** The longest pause between two faults. */
const longestPause = 2000;
/** How long it may take until streams that kill are parked, in ms. */
const parkingTime = 180_000;

/**
 * Plays faults to a fleet of nodes under load, in an order that the seed decides, and then compares
 * the sink with the source. If `signal` is aborted it ends earlier, and still reports.
 */
export async function torture(
  options: TortureOptions,
  { database, faults, signal, progress }: Surroundings,
): Promise<TortureReport> {
  const { rate, lists, poison } = options;
  const streams = options.streams - poison;
  const fleet = await Fleet.start({
    database,
    ttl,
    rate,
    streams,
    areRows: lists || poison > 0,
  });
  const random = randomOf(`${options.seed}`);
  const { names, unsteady: changed } = fleet;
  const list = new ListChanges({
    database,
    names,
    random: randomOf(`list ${options.seed}`),
    changed,
  });
  const world: World = { fleet, random, failovers: [], gaps: [], problems: [], fault: '' };
  try {
    await start(world, list, options);
    if (poison > 0) {
      progress('streams that kill appear');
      await poisonAll(world, list, database, poison);
    }
    const all = { ...nodeFaults, ...faults };
    const played = await play(world, all, options, { signal, progress });
    progress('waiting for the last effects');
    list.stop();
    await fleet.list?.rest();
    const poisoned = await poisonedIn(world, database);
    const { count: listChanges } = list;
    return { ...options, ttl, played, listChanges, poisoned, ...(await verdictOf(world)) };
  } finally {
    list.stop();
    await fleet.close();
  }
}

export interface Surroundings extends Watch {
  /** An empty one. */
  readonly database: Database;
  /** Its faults, besides those of the nodes. */
  readonly faults: Readonly<Record<string, PlayFault>>;
}

export interface Watch {
  readonly signal: AbortSignal;
  readonly progress: (text: string) => void;
}

/** All nodes share the streams; from then on the list changes, if it is to. */
async function start(
  { fleet }: World,
  list: ListChanges,
  { nodes, lists, poison }: TortureOptions,
): Promise<void> {
  if (lists || poison > 0) {
    fleet.list = list;
  }
  await Promise.all(Array.from({ length: nodes }, (_, index) => fleet.add(`node-${index + 1}`)));
  await fleet.settle();
  if (lists) {
    list.resume();
    void list.run();
  }
}

/** Streams appear that kill the processes of their handlers. Ends when all of them are parked. */
async function poisonAll(
  world: World,
  list: ListChanges,
  database: Database,
  count: number,
): Promise<void> {
  const { fleet } = world;
  const names = Array.from({ length: count }, (_, index) => `poison-${index + 1}`);
  for (const name of names) {
    fleet.poisoned.set(name, []);
  }
  await list.poison(names);
  const until = machineTime() + parkingTime;
  while (machineTime() < until && (await database.parked()).size < count) {
    await delay(250);
  }
  await settle(world, 'streams that kill');
}

/** The state of the streams that kill. No other stream may be parked. */
async function poisonedIn(
  { fleet, problems }: World,
  database: Database,
): Promise<readonly Poisoned[]> {
  const parked = await database.parked();
  const innocent = [...parked.keys()].filter((name) => !fleet.poisoned.has(name));
  problems.push(...innocent.map((name) => `${name} is parked, and kills nobody`));
  return [...fleet.poisoned].map(([stream, lives]) => ({
    stream,
    deaths: lives.length,
    isParked: parked.has(stream),
  }));
}

async function settle({ fleet, problems }: World, after: string): Promise<void> {
  await fleet.settle().catch((error: Error) => problems.push(`after ${after}: ${error.message}`));
}

async function play(
  world: World,
  faults: Readonly<Record<string, PlayFault>>,
  { minutes }: TortureOptions,
  { signal, progress }: Watch,
): Promise<Readonly<Record<string, number>>> {
  const { fleet, random } = world;
  const end = performance.now() + minutes * 60_000;
  const played: Record<string, number> = {};
  let waiting: string[] = [];
  while (performance.now() < end && !signal.aborted && world.problems.length === 0) {
    waiting = waiting.length > 0 ? waiting : shuffled(Object.keys(faults), random);
    const name = waiting.shift() ?? '';
    progress(name);
    world.fault = name;
    // A stream that has gone from the list just now still has its connection.
    await fleet.list?.rest();
    fleet.unsteady.clear();
    fleet.list?.resume();
    await faults[name]?.(world);
    await settle(world, name);
    played[name] = (played[name] ?? 0) + 1;
    await delay(random() * longestPause);
  }
  return played;
}

function shuffled(names: readonly string[], random: Random): string[] {
  return names
    .map((name) => ({ name, place: random() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ name }) => name);
}

async function verdictOf({ fleet, failovers, gaps, problems }: World) {
  const { clean, owners, problems: unclean, effects } = await fleet.verdict();
  return {
    effects,
    twoOwners: owners.length,
    ...clean,
    failover: timesOf(failovers),
    gap: timesOf(gaps),
    problems: [...problems, ...owners.slice(0, 10), ...unclean],
  };
}

function timesOf(samples: readonly FaultSample[]): Times {
  const times = samples.map(({ ms }) => ms);
  const unstalled = samples.map(({ ms, stalled }) => ms - stalled);
  // Without any sample 0, since JSON has no NaN.
  const whole = (values: readonly number[], part: number): number =>
    Math.round(quantile(values, part)) || 0;
  return {
    count: samples.length,
    p50: whole(times, 0.5),
    p99: whole(times, 0.99),
    max: whole(times, 1),
    p99Unstalled: whole(unstalled, 0.99),
    maxUnstalled: whole(unstalled, 1),
    longestAt: samples.toSorted((a, b) => b.ms - a.ms)[0]?.fault,
  };
}
