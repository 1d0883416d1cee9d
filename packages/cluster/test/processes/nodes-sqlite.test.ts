import { describe } from '@jest/globals';

import { SqliteDatabase } from '../../../../bench/torture/sqlite-database.ts';
import { lifeRows } from './life-rows.ts';
import { ThreeNodes } from './three-nodes.ts';

// Other systems have no SIGSTOP.
(process.platform === 'win32' ? describe.skip : describe)('nodes that share a file', () => {
  lifeRows(new ThreeNodes(async () => new SqliteDatabase()));
});
