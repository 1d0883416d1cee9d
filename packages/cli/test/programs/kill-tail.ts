/**
 * `node --conditions=@reprise/source packages/cli/test/programs/kill-tail.ts [--kills 100] [--seed
 * 1] [--dedupe]`: kills `reprise tail --cursor` with -9 many times, and prints which events all its
 * outputs have together.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { killTail } from '../support/kill-tail.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    dedupe: { type: 'boolean', default: false },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'reprise-'));
const { dedupe } = values;
const { printed, produced } = await killTail({
  kills: Number(values.kills),
  seed: Number(values.seed),
  file: join(folder, 'c.db'),
  dedupe,
});
const distinct = new Set(printed).size;
console.log({ produced, missing: produced - distinct, repeated: printed.length - distinct });
rmSync(folder, { recursive: true });
