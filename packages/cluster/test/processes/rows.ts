import { expect } from '@jest/globals';

import type { Database } from '../../../../bench/torture/database.ts';
import type { Fleet, Sample } from '../../../../bench/torture/fleet.ts';
import { quantile } from '../../../../bench/torture/moves.ts';
import type { Connection } from '../../../../bench/torture/source.ts';
import type { Stall } from '../../../../bench/torture/stalls.ts';

/** The catalogue's *clean* and *single*. */
export async function expectCleanAndSingle(fleet: Fleet): Promise<void> {
  expect(await fleet.verdict()).toEqual({
    clean: { lost: 0, twice: 0, outOfOrder: 0, fallen: 0 },
    problems: [],
    owners: [],
    effects: expect.any(Number),
  });
}

/** Each took less than the limit and the time for which the machine kept a process waiting. */
export function expectBelow(samples: readonly Sample[], limit: number): void {
  expect(samples.filter(({ ms, stalled }) => ms >= limit + stalled)).toEqual([]);
}

/** The gap that 99 of 100 moves since a time do not exceed. */
export function expectGapsBelow(fleet: Fleet, limit: number, since: number): void {
  const gaps = fleet.gapsSince(since).map(({ ms, stalled }) => ms - stalled);
  expect(quantile(gaps, 0.99)).toBeLessThan(limit);
}

/** The longest time that each of a fleet's streams had no connection, since a time. All run now. */
export function longestPauses(fleet: Fleet, since: number): readonly Sample[] {
  const byStream = Map.groupBy(fleet.source.connections, ({ stream }) => stream);
  return fleet.names.map((name) => {
    const [longest] = pausesOf(byStream.get(name) ?? [], since).toSorted(byLength);
    const { from, to } = longest ?? { from: since, to: since };
    return { ms: to - from, stalled: fleet.stalledIn({ from, to }) };
  });
}

function pausesOf(connections: readonly Connection[], since: number): readonly Stall[] {
  return connections
    .slice(1)
    .map((next, index) => ({ from: connections[index]?.to ?? NaN, to: next.from }))
    .filter(({ to }) => to > since);
}

function byLength(a: Stall, b: Stall): number {
  return b.to - b.from - (a.to - a.from);
}

/** The streams whose epoch is another one than before, all of them greater. */
export async function newEpochs(
  database: Database,
  before: ReadonlyMap<string, number>,
): Promise<readonly string[]> {
  const epochs = await database.epochs();
  const changed = [...epochs].filter(([key, epoch]) => epoch !== before.get(key));
  expect(changed.filter(([key, epoch]) => epoch <= (before.get(key) ?? 0))).toEqual([]);
  return changed.map(([key]) => key);
}

/** The name of the node on which each stream is connected. */
export function namesByStream(fleet: Fleet): ReadonlyMap<string, string> {
  return new Map(
    fleet.source.openAt().map(({ stream, node }) => [stream, node.replace(/\/.*/, '')]),
  );
}
