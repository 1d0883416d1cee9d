import { setTimeout as delay } from 'node:timers/promises';

import { afterEach, expect, jest, test } from '@jest/globals';
import { randomOf } from '@reprise/sse/testing';

import type { Database } from '../../../../bench/torture/database.ts';
import { Fleet, type FleetOptions } from '../../../../bench/torture/fleet.ts';
import { machineTime } from '../../../../bench/torture/machine-time.ts';
import type { SinkKind } from '../../../../bench/torture/node-options.ts';
import { expectBelow, expectCleanAndSingle, expectGapsBelow } from './rows.ts';

export interface ShareRowsOptions {
  readonly names: readonly string[];
  /** Of the rows that hold with each sink. */
  readonly sinks: readonly SinkKind[];
  readonly also?: string;
}

/** The rows of nodes that join and leave in order, which hold with each store. */
export function shareRows(
  open: () => Promise<Database>,
  { names, sinks, also = '' }: ShareRowsOptions,
): void {
  const ttl = 3000;
  const random = randomOf(`${jest.getSeed()}`);
  let fleet: Fleet;

  afterEach(() => fleet.close());

  async function start(options: Partial<FleetOptions>): Promise<void> {
    fleet = await Fleet.start({ database: await open(), ttl, streams: 60, rate: 2, ...options });
    await Promise.all(names.map((name) => fleet.add(name)));
    await fleet.settle();
  }

  test(`${also}REB-02 a node that joins takes its share of streams, and no stream moves besides`, async () => {
    await start({});
    const at = machineTime();
    await fleet.add('guest');
    await fleet.settle();
    const moved = fleet.movedSince(at);
    expect(moved).toHaveLength(60 / (names.length + 1));
    expect(new Set(moved.map(({ stream }) => stream)).size).toBe(moved.length);
    expectGapsBelow(fleet, 1000, at);
    await expectCleanAndSingle(fleet);
  });

  test.each(sinks)(
    `${also}REB-03 a node that leaves hands its streams over in order, with the sink %s`,
    async (sink) => {
      const streams = 30 * names.length;
      await start({ sink, streams });
      await delay((random() * ttl) / 4);
      const at = machineTime();
      const { status } = await fleet.node('a').stop();
      expect(status).toBe(0);
      expectBelow(
        [{ ms: machineTime() - at, stalled: fleet.stalledIn({ from: at, to: machineTime() }) }],
        10_000,
      );
      await fleet.settle(names.filter((name) => name !== 'a'));
      expect(fleet.movedSince(at)).toHaveLength(30);
      expectGapsBelow(fleet, 1000, at);
      await expectCleanAndSingle(fleet);
    },
  );
}
