import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '..');

test('every test that docs/security.md names exists', () => {
  const page = readFileSync(join(import.meta.dirname, 'security.md'), 'utf8');
  const rows = [...page.matchAll(/\| `([\w.-]+\.test\.ts)`: (.*?) +\|$/gm)];
  expect(rows.length).toBeGreaterThan(25);
  const missing = rows.filter(([, file = '', title = '']) => !sourceOf(file).includes(title));
  expect(missing.map(([, file, title]) => `${file}: ${title}`)).toEqual([]);
});

function sourceOf(file: string): string {
  const folders = ['packages/sse/test', 'packages/cli/test'].map((folder) => join(root, folder));
  const folder = folders.find((each) => readdirSync(each).includes(file));
  return folder === undefined ? '' : readFileSync(join(folder, file), 'utf8');
}
