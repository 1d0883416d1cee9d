import { setTimeout as delay } from 'node:timers/promises';

import { afterEach, expect, jest, test } from '@jest/globals';

import { Fleet, type FleetOptions } from '../../../../bench/torture/fleet.ts';
import { machineTime } from '../../../../bench/torture/machine-time.ts';
import { streamNames } from '../../../../bench/torture/node-options.ts';
import { PostgresDatabase } from '../../../../bench/torture/postgres-database.ts';
import { testDatabase } from '../../../../tools/postgres/shared.ts';
import { onPostgres } from '../postgres/support.ts';
import { expectBelow, expectCleanAndSingle, namesByStream } from './rows.ts';

jest.setTimeout(10 * 60_000);

onPostgres('nodes whose lists change', () => {
  const ttl = 3000;
  const minute = 60_000;

  let database: PostgresDatabase;
  let fleet: Fleet;

  afterEach(() => fleet.close());

  async function start(options: Pick<FleetOptions, 'streams' | 'rate' | 'areRows'>): Promise<void> {
    database = new PostgresDatabase(await testDatabase());
    fleet = await Fleet.start({ database, ttl, ...options });
  }

  /** Waits until exactly these streams are connected, each once. */
  async function connected(names: readonly string[], within = minute): Promise<void> {
    const isSo = (): boolean => {
      const open = fleet.source.openAt();
      return (
        open.length === names.length &&
        new Set(open.map(({ stream }) => stream)).size === names.length
      );
    };
    expect(await fleet.source.until(isSo, within)).toBe(true);
    expect([...namesByStream(fleet).keys()].toSorted(byName)).toEqual([...names].toSorted(byName));
  }

  test('LIST-01 two releases with different lists run side by side: each node runs only its own, and nothing flaps', async () => {
    await start({ streams: 70, rate: 2 });
    const all = streamNames(70);
    const [old, next] = [all.slice(0, 60), all.slice(10)];
    await Promise.all(['a', 'b'].map((name) => fleet.add(name, {}, { streams: old })));
    await connected(old);
    await fleet.add('c', {}, { streams: next });
    await connected(all);
    const owners = namesByStream(fleet);
    expect(all.slice(60).map((name) => owners.get(name))).toEqual(all.slice(60).map(() => 'c'));
    const { length } = fleet.source.connections;
    await delay(3 * ttl);
    expect(fleet.source.connections.slice(length)).toEqual([]);
    // The old release leaves: the new one has what it lists, and the rest keeps its cursors.
    const ends = await Promise.all(['a', 'b'].map((name) => fleet.node(name).stop()));
    expect(ends.map(({ status }) => status)).toEqual([0, 0]);
    await connected(next);
    await fleet.add('d', {}, { streams: all.slice(0, 10) });
    await connected(all);
    await expectCleanAndSingle(fleet);
  });

  test('LIST-07 10,000 rows that appear at once all run before a minute is over, and no lease is lost', async () => {
    const streams = 10_000;
    await start({ streams, rate: 0.02, areRows: true });
    const nodes = await Promise.all(['a', 'b', 'c'].map((name) => fleet.add(name)));
    while (
      (await Promise.all(nodes.map((node) => node.status()))).some(({ nodes }) => nodes.length < 3)
    ) {
      await delay(100);
    }
    const from = machineTime();
    await database.changeRows(new Map(fleet.names.map((name) => [name, { version: 1 }])));
    await connected(fleet.names, 5 * minute);
    const ms = machineTime() - from;
    expectBelow([{ ms, stalled: fleet.stalledIn({ from, to: from + ms }) }], minute);
    for (const node of nodes) {
      expect(node.stderr).not.toContain('stops all its streams');
    }
  });
});

function byName(a: string, b: string): number {
  return a < b ? -1 : 1;
}
