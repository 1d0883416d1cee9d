import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '..');
const pages = globSync(
  ['*.md', 'docs/*.md', 'docs/{sse,decisions}/*.md', '{bench,packages/*}/README.md'],
  { cwd: root },
);

test.each(pages)('the prose of %s wraps at 100 columns, as code does', (page) => {
  const text = readFileSync(join(root, page), 'utf8').replaceAll(/^```.*?^```/gms, '');
  expect(text.split(/\r?\n/).filter((line) => !line.startsWith('|') && line.length > 100)).toEqual(
    [],
  );
});
