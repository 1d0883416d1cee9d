import { setTimeout as delay } from 'node:timers/promises';

import { afterEach, expect, jest, test } from '@jest/globals';

import { Fleet, type FleetOptions } from '../../../../bench/torture/fleet.ts';
import { machineTime } from '../../../../bench/torture/machine-time.ts';
import { quantile } from '../../../../bench/torture/moves.ts';
import { PostgresDatabase } from '../../../../bench/torture/postgres-database.ts';
import { testDatabase } from '../../../../tools/postgres/shared.ts';
import { onPostgres } from '../postgres/support.ts';
import { expectBelow, expectCleanAndSingle, expectGapsBelow, newEpochs } from './rows.ts';

jest.setTimeout(10 * 60_000);

onPostgres('the shares of many nodes', () => {
  const ttl = 2000;
  const three = ['a', 'b', 'c'];
  const ten = [...three, 'd', 'e', 'f', 'g', 'h', 'i', 'j'];

  let database: PostgresDatabase;
  let fleet: Fleet;

  afterEach(() => fleet.close());

  async function start(
    names: readonly string[],
    options: Partial<FleetOptions> = {},
  ): Promise<void> {
    database = new PostgresDatabase(await testDatabase());
    fleet = await Fleet.start({ database, ttl, streams: 60, rate: 2, ...options });
    await add(names);
  }

  async function add(names: readonly string[]): Promise<void> {
    await Promise.all(names.map((name) => fleet.add(name)));
    await fleet.settle();
  }

  test.each(['transact', 'handle'] as const)(
    'REB-04 a rolling restart of three nodes under load leaves short gaps and even shares, with the sink %s',
    async (sink) => {
      await start(three, { sink });
      const at = machineTime();
      for (const name of three) {
        const stopsAt = machineTime();
        const { status } = await fleet.node(name).stop();
        const ms = machineTime() - stopsAt;
        expect(status).toBe(0);
        expectBelow(
          [{ ms, stalled: fleet.stalledIn({ from: stopsAt, to: stopsAt + ms }) }],
          10_000,
        );
        await fleet.add(name);
        await fleet.settle();
      }
      expect([...fleet.shares().values()]).toEqual([20, 20, 20]);
      expectGapsBelow(fleet, 1000, at);
      const moves = Map.groupBy(fleet.movedSince(at), ({ stream }) => stream);
      const counts = [...moves.values()].map(({ length }) => length);
      expect(Math.max(...counts)).toBeLessThanOrEqual(4);
      await expectCleanAndSingle(fleet);
    },
  );

  test('REB-05 ten nodes become three and ten again, in order; then seven are killed at once', async () => {
    const seven = ten.slice(3);
    await start(ten);
    const ends = await Promise.all(seven.map((name) => fleet.node(name).stop()));
    expect(ends.map(({ status }) => status)).toEqual(seven.map(() => 0));
    await fleet.settle(three);
    await add(seven);
    const lives = seven.map((name) => fleet.node(name));
    const at = machineTime();
    await Promise.all(lives.map((node) => node.kill()));
    for (const { life } of lives) {
      // A stream may be elsewhere only for as long as the other one lives.
      const samples = await fleet.elsewhere({ node: life, at });
      expect(samples).toHaveLength(6);
      expectBelow(samples, ttl + 2000);
    }
    await fleet.settle(three);
    await expectCleanAndSingle(fleet);
  });

  test('REB-11 a node whose thread is busy all the time gets no stream while another one has time', async () => {
    await start(['a', 'b']);
    const busy = await fleet.add('c', {}, { isBusy: true });
    const measured = async (): Promise<number | undefined> => {
      const { nodes } = await fleet.node('a').status();
      return nodes.find(({ name }) => name === 'c')?.busy;
    };
    while (((await measured()) ?? 0) <= 0.95) {
      await delay(100);
    }
    await fleet.node('b').kill();
    await fleet.settle(['a']);
    expect(fleet.shares().has(busy.life)).toBe(false);
    await expectCleanAndSingle(fleet);
  });

  test('REB-06 while nothing changes for 10 T nothing moves, and no row of an owner is written', async () => {
    await start(three, { rate: 0 });
    await database.recordWrites();
    const [before] = await seenOfNodes();
    const { length } = fleet.source.connections;
    await delay(10 * ttl);
    expect(fleet.source.connections.slice(length)).toEqual([]);
    expect(await database.writes()).toEqual([]);
    // The same lives, each renewed.
    const [after] = await seenOfNodes();
    expect(after?.ids).toEqual(before?.ids);
    expect(after?.renewals).not.toEqual(before?.renewals);
    await expectCleanAndSingle(fleet);
  });

  function seenOfNodes() {
    return database.query<{ readonly ids: string; readonly renewals: string }>(
      `select json_agg(id order by id)::text as ids, json_agg(renewal order by id)::text as renewals
       from reprise.nodes`,
    );
  }

  test('REB-08 a node that joins and is killed ten times moves the streams of its share, and none twice in T', async () => {
    await start(three);
    const from = machineTime();
    for (let round = 1; round <= 10; round += 1) {
      const guest = await fleet.add('d');
      await fleet.settle();
      await delay(ttl);
      await guest.kill();
    }
    await fleet.settle(three);
    const all = fleet.movedSince(from);
    const moves = Map.groupBy(all, ({ stream }) => stream);
    const pauses = [...moves.values()].flatMap((own) =>
      own.slice(1).map(({ at }, index) => at - (own[index]?.at ?? 0)),
    );
    expect(pauses.filter((pause) => pause < ttl)).toEqual([]);
    const between = all.filter(({ from, to }) => !from.startsWith('d') && !to.startsWith('d'));
    expect(between).toEqual([]);
    await expectCleanAndSingle(fleet);
  });

  test('REB-13 beside a stream of 50,000 events a second the quiet ones of its node are handled soon, and its lease lives', async () => {
    await start(three, { sink: 'transactBatch' });
    const { node: life = '' } =
      fleet.source.openAt().find(({ stream }) => stream === 'stream-1') ?? {};
    const epochs = await database.epochs();
    const times: number[] = [];
    const at = machineTime();
    fleet.onBegun = (entry) => {
      const madeAt = fleet.source.madeAt(entry.stream, entry.number);
      if (entry.node === life && madeAt > at) {
        times.push(entry.at - madeAt);
      }
    };
    fleet.source.flood('stream-1', 50_000);
    await delay(5 * ttl);
    fleet.source.flood('stream-1', 0);
    const stalled = fleet.stalledIn({ from: at, to: machineTime() }, [life]);
    expect(times.length).toBeGreaterThan(100);
    expect(quantile(times, 0.99)).toBeLessThan(250 + stalled);
    expect(await newEpochs(database, epochs)).toEqual([]);
    await expectCleanAndSingle(fleet);
  });
});
