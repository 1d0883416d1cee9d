import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

const folder = join(import.meta.dirname, '../..');

test('SEC-22 no source of the page turns a text into HTML or code', () => {
  const turned = /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function/;
  const found = globSync('{page,src}/**/*.{ts,tsx,html}', { cwd: folder }).filter((path) =>
    turned.test(readFileSync(join(folder, path), 'utf8')),
  );
  expect(found).toEqual([]);
});
