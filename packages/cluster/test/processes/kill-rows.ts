import { setTimeout as delay } from 'node:timers/promises';

import { expect, jest, test } from '@jest/globals';
import { randomOf } from '@reprise/sse/testing';

import type { Database } from '../../../../bench/torture/database.ts';
import { Fleet } from '../../../../bench/torture/fleet.ts';
import type { SinkKind } from '../../../../bench/torture/node-options.ts';
import type { NodeProcess } from '../../../../bench/torture/node-process.ts';
import { expectCleanAndSingle } from './rows.ts';

const kills = 200;
const names: readonly string[] = ['a', 'b', 'c', 'd', 'e'];
/** As many events as a batch can have. */
const burst = 500;

/** The rows of nodes that are killed again and again, which hold with each store. */
export function killRows(open: () => Promise<Database>, also = ''): void {
  const random = randomOf(`${jest.getSeed()}`);

  test(`${also}TX-01 of 200 kills under load no effect is lost, and none is there twice`, async () => {
    const batches = await killNodes('transact', async () => {
      await delay(random() * 100);
    });
    expect(batches).toEqual({ torn: 0, longest: 0 });
  });

  test(`${also}TX-02 of 200 kills under load no batch of up to 500 events is lost, torn, or there twice`, async () => {
    const batches = await killNodes('transactBatch', async (fleet, node) => {
      const own = fleet.source.openAt().filter((connection) => connection.node === node.life);
      for (const { stream } of own.slice(0, 2)) {
        fleet.source.make(stream, burst);
      }
      await delay(random() * 100);
    });
    expect(batches).toEqual({ torn: 0, longest: burst });
  });

  /** `aim` ends at a moment to kill a node. */
  async function killNodes(
    sink: SinkKind,
    aim: (fleet: Fleet, node: NodeProcess) => Promise<void>,
  ) {
    const database = await open();
    const fleet = await Fleet.start({ database, ttl: 3000, streams: 60, rate: 5, sink });
    try {
      await Promise.all(names.map((name) => fleet.add(name)));
      await fleet.settle();
      const prepared = await Promise.all(names.map((name) => fleet.prepare(name)));
      const next = new Map(prepared.map((node) => [node.name, node]));
      for (let killed = 0; killed < kills;) {
        const node = oneOf(await atWork(fleet, database));
        if (node === undefined) {
          await startEnded(fleet);
          await delay(50);
          continue;
        }
        await aim(fleet, node);
        // Meanwhile it may have taken a stream that has strikes.
        if ((await atWork(fleet, database)).includes(node)) {
          killed += 1;
          await node.kill();
          fleet.startPrepared(next.get(node.name) ?? node);
          next.set(node.name, await fleet.prepare(node.name));
        }
      }
      await startEnded(fleet);
      await fleet.settle();
      await expectCleanAndSingle(fleet);
      return await database.batches();
    } finally {
      await fleet.close();
    }
  }

  /** A start is refused while the disk is too slow for this T. */
  async function startEnded(fleet: Fleet): Promise<void> {
    for (const { name, hasEnded } of fleet.nodes.values()) {
      if (hasEnded) {
        await fleet.add(name);
      }
    }
  }

  /**
   * The nodes that have streams, and none with more than one strike. Such streams would be tried
   * one by one, and parked in the end: no event of theirs would come while nodes are killed.
   */
  async function atWork(fleet: Fleet, database: Database): Promise<readonly NodeProcess[]> {
    const strikes = await database.strikes();
    const open = fleet.source.openAt();
    const struck = open.filter(({ stream }) => (strikes.get(stream) ?? 0) > 1);
    return [...fleet.nodes.values()].filter(
      ({ life }) =>
        open.some(({ node }) => node === life) && !struck.some(({ node }) => node === life),
    );
  }

  /** One of the nodes, as the seed decides. */
  function oneOf(nodes: readonly NodeProcess[]): NodeProcess | undefined {
    return nodes[Math.floor(random() * nodes.length)];
  }
}
