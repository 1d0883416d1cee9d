import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { expect, test } from '@jest/globals';

const folder = join(import.meta.dirname, '../..');

test('SEC-22 no source of the page turns a text into HTML or code', () => {
  const turned = /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function/;
  const found = globSync('{page,src}/**/*.{ts,tsx,html}', { cwd: folder }).filter((path) =>
    turned.test(readFileSync(join(folder, path), 'utf8')),
  );
  expect(found).toEqual([]);
});

test.each([
  ['js', 60_000],
  ['css', 8000],
  ['woff2', 75_000],
])('OBS-C05 what a browser loads as %s has %i bytes at most', (type, most) => {
  const page = join(folder, 'dist/page');
  const files = globSync(`assets/*.${type}`, { cwd: page });
  const sizes = files.map((path) => gzipSync(readFileSync(join(page, path))).length);
  expect(sizes.length).toBeGreaterThan(0);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(most);
});

test('OBS-C05 the licence of the fonts stands beside them', () => {
  const licence = readFileSync(join(folder, 'dist/page/fonts-license.txt'), 'utf8');
  expect(licence).toContain('SIL OPEN FONT LICENSE Version 1.1');
});
