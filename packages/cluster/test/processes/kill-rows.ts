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
    const fleet = await Fleet.start({ database, ttl: 2000, streams: 60, rate: 5, sink });
    try {
      await Promise.all(names.map((name) => fleet.add(name)));
      await fleet.settle();
      for (let kill = 1; kill <= kills; kill += 1) {
        const node = await oneAtWork(fleet);
        const next = await fleet.prepare(node.name);
        await aim(fleet, node);
        await node.kill();
        fleet.startPrepared(next);
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

  /** A node that has streams, as the seed decides. */
  async function oneAtWork(fleet: Fleet): Promise<NodeProcess> {
    const atWork = (): readonly NodeProcess[] =>
      [...fleet.nodes.values()].filter(({ life }) => (fleet.shares().get(life) ?? 0) > 0);
    await fleet.source.until(() => atWork().length > 0, 30_000);
    const nodes = atWork();
    return nodes[Math.floor(random() * nodes.length)] ?? fleet.node('a');
  }
}
