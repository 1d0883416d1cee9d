import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';
import * as actor from '@reprise/actor';
import * as sse from '@reprise/sse';

const root = join(import.meta.dirname, '..');
// Not docs/otp.md: the functions of its tables are compiled, and others there are Elixir's.
const pages = globSync(['*.md', 'docs/*.md', 'docs/sse/*.md', 'packages/*/README.md'], {
  cwd: root,
}).filter((page) => !page.endsWith('otp.md'));

test('the pages name functions of modules', () => {
  expect(pages.flatMap((page) => functionsIn(page)).length).toBeGreaterThan(10);
});

test.each(pages)('every function of a module that %s names exists', (page) => {
  expect(functionsIn(page).filter((path) => !exists(path))).toEqual([]);
});

/** `Task.Supervisor.async` and the like, in inline code; a name in upper case is that of a type. */
function functionsIn(page: string): readonly string[] {
  const text = readFileSync(join(root, page), 'utf8').replaceAll(/^```.*?^```/gms, '');
  return [...text.matchAll(/`([^`\n]+)`/g)].flatMap(([, code = '']) =>
    [...code.matchAll(/(?<![\w.:])[A-Z]\w+(?:\.[A-Z]\w+)*\.[a-z]\w*/g)]
      .map(([path]) => path)
      .filter((path) => (path.split('.')[0] ?? '') in { ...actor, ...sse }),
  );
}

function exists(path: string): boolean {
  let value: unknown = { ...actor, ...sse };
  for (const name of path.split('.')) {
    value = (value as Readonly<Record<string, unknown>> | undefined)?.[name];
  }
  return typeof value === 'function';
}
