import { setTimeout as delay } from 'node:timers/promises';

import { describe, expect, jest, test } from '@jest/globals';

import { machineTime } from '../../../../bench/torture/machine-time.ts';
import { PostgresDatabase } from '../../../../bench/torture/postgres-database.ts';
import { testDatabase } from '../../../../tools/postgres/shared.ts';
import { onPostgres } from '../postgres/support.ts';
import { killRows } from './kill-rows.ts';
import { stopRows } from './stop-rows.ts';
import { TestNodes } from './test-nodes.ts';

jest.setTimeout(20 * 60_000);

const minute = 60_000;
const open = async (): Promise<PostgresDatabase> => new PostgresDatabase(await testDatabase());

onPostgres('nodes on Postgres, for minutes', () => {
  describe('that are stopped', () => {
    stopRows(new TestNodes(open, { ttl: 1500 }));
  });

  describe('that are killed', () => {
    killRows(open);
  });

  describe('that are slow', () => {
    // The time that a busy machine may add is the same for each T.
    const nodes = new TestNodes(open, { ttl: 6000 });
    const { ttl } = nodes;

    test('LEASE-04 answers that are late by T/16 for a minute change nothing', async () => {
      const { lease } = nodes.database.ways(nodes.victim().name);
      await nodes.expectStill(async () => {
        lease.answersLateBy = ttl / 16;
        await delay(minute);
        lease.answersLateBy = 0;
      });
    });

    test('LEASE-05 a node whose answers are late by T/6 for a minute gives up its lease, says why, and does not flap', async () => {
      const { fleet } = nodes;
      const node = nodes.victim();
      const { lease } = nodes.database.ways(node.name);
      const at = machineTime();
      lease.answersLateBy = ttl / 6;
      await delay(minute);
      lease.answersLateBy = 0;
      expect(fleet.stopsOf({ node: node.life, at }).filter(({ ms }) => ms === Infinity)).toEqual(
        [],
      );
      const returns = fleet.movedSince(at).filter(({ to }) => to === node.life);
      expect(returns.length / nodes.share).toBeLessThanOrEqual(minute / ttl);
      // How long an answer may take at this T.
      expect(node.stderr).toMatch(`within ${ttl / 8} ms, got none`);
    });

    test('LEASE-07 a thread that is held for T/5 again and again costs no lease, and a warning at most each 10 s', async () => {
      const node = nodes.victim();
      const { length } = node.stderr;
      await nodes.expectStill(async () => {
        for (const end = machineTime() + minute; machineTime() < end;) {
          await node.hold(ttl / 5);
          await delay(ttl / 4);
        }
      });
      const warnings = node.stderr.slice(length).match(/was woken \d+ ms late/g) ?? [];
      expect(warnings.length).toBeGreaterThan(0);
      expect(warnings.length).toBeLessThanOrEqual(7);
    });
  });
});
