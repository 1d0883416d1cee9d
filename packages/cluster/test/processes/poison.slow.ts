import { setTimeout as delay } from 'node:timers/promises';

import { afterEach, expect, jest, test } from '@jest/globals';
import { systemClock } from '@reprise/actor';

import { Fleet, type FleetOptions } from '../../../../bench/torture/fleet.ts';
import { ListChanges } from '../../../../bench/torture/list-changes.ts';
import { machineTime } from '../../../../bench/torture/machine-time.ts';
import type { RowData } from '../../../../bench/torture/node-options.ts';
import { PostgresDatabase } from '../../../../bench/torture/postgres-database.ts';
import { testDatabase } from '../../../../tools/postgres/shared.ts';
import { postgres } from '../../src/postgres.ts';
import { bury } from '../../src/workers/burial.ts';
import { onPostgres } from '../postgres/support.ts';
import { expectBelow, expectCleanAndSingle, longestPauses } from './rows.ts';

jest.setTimeout(10 * 60_000);

onPostgres('nodes with streams that do no good', () => {
  const minute = 60_000;
  /** For rows that are not about T: a busy machine costs no lease. */
  const longTtl = 10_000;
  const names: readonly string[] = ['a', 'b', 'c'];

  let url: string;
  let database: PostgresDatabase;
  let fleet: Fleet;

  afterEach(() => fleet.close());

  async function prepare(options: Pick<FleetOptions, 'ttl' | 'areRows'>): Promise<void> {
    url = await testDatabase();
    database = new PostgresDatabase(url);
    fleet = await Fleet.start({ database, streams: 60, rate: 2, ...options });
  }

  /** Three nodes with 60 rows, all of which run. */
  async function start(ttl: number): Promise<void> {
    await prepare({ ttl, areRows: true });
    const { unsteady: changed, names: streams } = fleet;
    fleet.list = new ListChanges({ database, names: streams, random: Math.random, changed });
    await Promise.all(names.map((name) => fleet.add(name)));
    await fleet.settle();
  }

  async function change(key: string, data: RowData): Promise<void> {
    await database.changeRows(new Map([[key, data]]));
  }

  /** Waits until this stream is parked with so many strikes. */
  async function parked(key: string, strikes: number): Promise<void> {
    while ((await database.parked()).get(key) !== strikes) {
      await delay(100);
    }
  }

  /** The words with which a node shows that a stream is parked. */
  async function reasonOf(key: string): Promise<string> {
    for (;;) {
      const { streams } = await fleet.node('a').status();
      const shown = streams.parked.find((each) => each.key === key);
      if (shown !== undefined) {
        return shown.reason;
      }
      await delay(100);
    }
  }

  /** Waits until each of the 60 streams has one connection. */
  async function allRun(): Promise<void> {
    const isSo = (): boolean => {
      const open = fleet.source.openAt();
      return open.length === 60 && new Set(open.map(({ stream }) => stream)).size === 60;
    };
    expect(await fleet.source.until(isSo, 5 * minute)).toBe(true);
  }

  function lives(): readonly string[] {
    return [...fleet.nodes.values()].map(({ life }) => life);
  }

  test('POI-01 a stream whose handler always throws is tried four times for each of five strikes, and the other 60 notice nothing', async () => {
    await start(longTtl);
    const before = lives();
    const { length } = fleet.source.connections;
    await change('faulty', { version: 1, fault: 'throws' });
    await parked('faulty', 5);
    const since = fleet.source.connections.slice(length);
    expect(since.filter(({ stream }) => stream !== 'faulty')).toEqual([]);
    expect(since).toHaveLength(20);
    expect(await reasonOf('faulty')).toBe('nobody can handle an event of faulty');
    expect(lives()).toEqual(before);
    await expectCleanAndSingle(fleet);
  });

  test('POI-02 POI-03 a stream that kills its process kills five at most and is parked; each of the 60 others runs again before a minute is over', async () => {
    await start(6000);
    const from = machineTime();
    await change('poison', { version: 1, fault: 'kills' });
    await parked('poison', 5);
    await allRun();
    expectBelow(longestPauses(fleet, from), minute);
    expect(fleet.poisoned.get('poison')?.length).toBeLessThanOrEqual(5);
    expect(await database.parked()).toEqual(new Map([['poison', 5]]));
    expect(await reasonOf('poison')).toContain('5 nodes have died with it');
    await expectCleanAndSingle(fleet);
  });

  test.each([
    ['when their leases are over', false],
    ['at once, by a parent', true],
  ])(
    'POI-04 after ten rounds of processes that die a second after their start, a good release runs all streams; the dead are buried %s',
    async (_, hasParent) => {
      await prepare({ ttl: longTtl });
      for (let round = 0; round < 10; round += 1) {
        const dead = await dyingRound(round);
        if (hasParent) {
          const store = postgres(url);
          await Promise.all(dead.map((pid) => bury(store, pid, systemClock())));
        }
      }
      const from = machineTime();
      await Promise.all(names.map((name) => fleet.add(name)));
      await allRun();
      const to = machineTime();
      expectBelow([{ ms: to - from, stalled: fleet.stalledIn({ from, to }) }], minute);
      expect(await database.parked()).toEqual(new Map());
      await expectCleanAndSingle(fleet);
    },
  );

  /** Nodes that live for a second. Their process ids. */
  async function dyingRound(round: number): Promise<readonly number[]> {
    const nodes = await Promise.all(names.map((name) => fleet.prepare(`${name}${round}`)));
    for (const node of nodes) {
      fleet.startPrepared(node);
    }
    await delay(1000);
    await Promise.all(nodes.map((node) => node.kill()));
    for (const { name } of nodes) {
      fleet.nodes.delete(name);
    }
    return nodes.map(({ life }) => Number(life.split('/')[1]));
  }

  test('POI-06 sources that answer 404 and 401 are asked at most once a minute by all nodes, and one that answers 204 once until its row changes', async () => {
    await start(longTtl);
    const { refuses, refusals } = fleet.source;
    refuses.set('gone', 404).set('locked', 401).set('over', 204);
    for (const key of refuses.keys()) {
      await change(key, { version: 1 });
    }
    const requests = (key: string): readonly number[] =>
      refusals.filter(({ stream }) => stream === key).map(({ at }) => at);
    await Promise.all([parked('gone', 1), parked('locked', 1), parked('over', 0)]);
    expect(await reasonOf('gone')).toContain('404');
    expect(await reasonOf('locked')).toContain('401');
    await Promise.all([parked('gone', 2), parked('locked', 2)]);
    for (const key of ['gone', 'locked']) {
      const [first = NaN, second = NaN, ...rest] = requests(key);
      expect(second - first).toBeGreaterThanOrEqual(minute);
      expect(rest).toEqual([]);
    }
    expect(requests('over')).toHaveLength(1);
    await change('over', { version: 2 });
    while (requests('over').length < 2) {
      await delay(100);
    }
    await parked('over', 0);
    await expectCleanAndSingle(fleet);
  });
});
