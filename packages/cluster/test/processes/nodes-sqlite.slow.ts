import { describe, expect, jest, test } from '@jest/globals';

import { SqliteDatabase } from '../../../../bench/torture/sqlite-database.ts';
import { killRows } from './kill-rows.ts';
import { shareRows } from './share-rows.ts';
import { stopRows } from './stop-rows.ts';
import { TestNodes } from './test-nodes.ts';

jest.setTimeout(20 * 60_000);

const also = 'SQL-01 ';
const names = ['a', 'b', 'c', 'd'];
const open = async (): Promise<SqliteDatabase> => new SqliteDatabase();

// Other systems have no SIGSTOP.
(process.platform === 'win32' ? describe.skip : describe)('nodes on a file, for minutes', () => {
  describe('that are stopped', () => {
    stopRows(new TestNodes(open, { names, ttl: 1500 }), also);
  });

  describe('that are killed', () => {
    killRows(open, also);
  });

  describe('that come and go', () => {
    // A plain sink would wait for the file, and hold the thread meanwhile.
    shareRows(open, { names, sinks: ['transact'], also });
  });

  describe('that are held', () => {
    const nodes = new TestNodes(open, { names, ttl: 1500 });

    // The handler holds the file besides, so that all nodes lose their leases.
    test('SQL-01 LEASE-06 a handler that holds its thread for 1.5 T loses the streams of its node, and a warning names it', async () => {
      const { fleet, ttl } = nodes;
      const node = nodes.victim();
      const { id } = (await node.status()).node;
      await node.hold(1.5 * ttl);
      await fleet.source.until(() => /held its thread/.test(node.stderr), 30_000);
      await fleet.settle();
      expect((await node.status()).node.id).not.toBe(id);
      expect(node.stderr).toMatch(/held its thread/);
    });
  });
});
