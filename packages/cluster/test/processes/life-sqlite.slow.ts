import { describe } from '@jest/globals';

import { SqliteDatabase } from '../../../../bench/torture/sqlite-database.ts';
import { lifeRows } from './life-rows.ts';
import { TestNodes } from './test-nodes.ts';

// Other systems have no SIGSTOP.
(process.platform === 'win32' ? describe.skip : describe)('nodes that share a file', () => {
  const names = ['a', 'b', 'c', 'd'];
  lifeRows(new TestNodes(async () => new SqliteDatabase(), { names }), 'SQL-01 ');
});
