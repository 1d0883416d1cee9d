import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { drawTree } from './tree-picture.ts';

test('the picture in the README is that of the tree as it runs', async () => {
  const picture = readFileSync(join(import.meta.dirname, 'tree.svg'), 'utf8');
  expect(`${await drawTree()}\n`).toBe(picture);
});
