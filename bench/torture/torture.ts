import { setTimeout as delay } from 'node:timers/promises';

import { type Random, randomOf } from '@reprise/sse/testing';

import type { Database } from './database.ts';
import { type FaultSample, nodeFaults, type PlayFault, type World } from './faults.ts';
import { Fleet } from './fleet.ts';
import { quantile } from './moves.ts';

export interface TortureOptions {
  readonly minutes: number;
  readonly streams: number;
  readonly nodes: number;
  /** How many events a stream has in a second. */
  readonly rate: number;
  readonly seed: number;
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
  readonly failover: Times;
  readonly gap: Times;
  /** What was not as it has to be, a line each. */
  readonly problems: readonly string[];
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

/**
 * Plays faults to a fleet of nodes under load, in an order that the seed decides, and then compares
 * the sink with the source. If `signal` is aborted it ends earlier, and still reports.
 */
export async function torture(
  options: TortureOptions,
  { database, faults, signal, progress }: Surroundings,
): Promise<TortureReport> {
  const fleet = await Fleet.start({
    database,
    ttl,
    rate: options.rate,
    streams: options.streams,
  });
  try {
    const random = randomOf(`${options.seed}`);
    const world: World = { fleet, random, failovers: [], gaps: [], problems: [], fault: '' };
    const all = { ...nodeFaults, ...faults };
    const played = await play(world, all, options, { signal, progress });
    progress('waiting for the last effects');
    return { ...options, ttl, played, ...(await verdictOf(world)) };
  } finally {
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

async function play(
  world: World,
  faults: Readonly<Record<string, PlayFault>>,
  { minutes, nodes }: TortureOptions,
  { signal, progress }: Watch,
): Promise<Readonly<Record<string, number>>> {
  const { fleet, random } = world;
  await Promise.all(Array.from({ length: nodes }, (_, index) => fleet.add(`node-${index + 1}`)));
  await fleet.settle();
  const end = performance.now() + minutes * 60_000;
  const played: Record<string, number> = {};
  let waiting: string[] = [];
  while (performance.now() < end && !signal.aborted && world.problems.length === 0) {
    waiting = waiting.length > 0 ? waiting : shuffled(Object.keys(faults), random);
    const name = waiting.shift() ?? '';
    progress(name);
    world.fault = name;
    await faults[name]?.(world);
    await fleet
      .settle()
      .catch((error: Error) => world.problems.push(`after ${name}: ${error.message}`));
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
