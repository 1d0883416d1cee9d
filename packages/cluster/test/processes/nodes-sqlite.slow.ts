import { describe, jest } from '@jest/globals';

import { SqliteDatabase } from '../../../../bench/torture/sqlite-database.ts';
import { killRows } from './kill-rows.ts';
import { shareRows } from './share-rows.ts';
import { stopRows } from './stop-rows.ts';
import { TestNodes } from './test-nodes.ts';

jest.setTimeout(10 * 60_000);

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
});
