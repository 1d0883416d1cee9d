import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

test('every file that docs/architecture.md names exists', () => {
  const page = readFileSync(join(import.meta.dirname, 'architecture.md'), 'utf8');
  const files = [...page.matchAll(/`([\w-]+\/[\w-]+\.ts)`/g)].map(([, file = '']) => file);
  expect(files.length).toBeGreaterThan(20);
  expect(files.filter((file) => !exists(file))).toEqual([]);
});

function exists(file: string): boolean {
  return ['actor', 'sse'].some((name) =>
    existsSync(join(import.meta.dirname, '../packages', name, 'src', file)),
  );
}
