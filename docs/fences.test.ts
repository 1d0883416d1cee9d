import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import { format } from 'node:util';

import { expect, jest, test } from '@jest/globals';

import { runnable } from '../tools/doc-fences.ts';

test('there are code blocks to run', () => {
  expect(runnable).not.toHaveLength(0);
});

for (const file of runnable) {
  test(`the code block ${basename(file)} runs, and its output is as its comments say`, async () => {
    const log = jest.spyOn(console, 'log').mockReturnValue(undefined);
    await expect(import(pathToFileURL(file).href)).resolves.toBeDefined();
    const said = commentsOnLogs(readFileSync(file, 'utf8'));
    // The output of a block is checked only if its comments show one.
    const printed = said.length === 0 ? [] : log.mock.calls.map((values) => format(...values));
    expect(printed).toEqual(said);
  });
}

/** The expected output: `"1"` for `console.log(…) // 1`. */
function commentsOnLogs(code: string): readonly string[] {
  return [...code.matchAll(/console\.log\(.*\);? +\/\/ (.*)$/gm)].map(
    ([, comment = '']) => comment,
  );
}
