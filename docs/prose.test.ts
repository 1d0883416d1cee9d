import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '..');
const limit = 100;

// A changeset is one sentence on one line; the catalogues are tables.
test.each(tracked('*.md').filter((page) => !/^(?:\.changeset|docs\/conformance)\//.test(page)))(
  'the prose of %s wraps at 100 columns, as code does',
  (page) => {
    const prose = linesOf(page, withoutCode).filter((line) => !line.startsWith('|'));
    expect(prose.filter((line) => line.length > limit)).toEqual([]);
  },
);

test('the comments of every source wrap at 100 columns, as code does', () => {
  const comments = tracked('*.ts').flatMap((file) =>
    linesOf(file, withoutExamples)
      .filter((line) => /^\s*(?:\/\/|\/?\*)/.test(line) && !line.includes('oxlint-disable'))
      .map((line) => ({ file, line })),
  );
  expect(comments.filter(({ line }) => line.length > limit)).toEqual([]);
});

/** The files of the repository that match, by their paths from its root. */
function tracked(pattern: string): readonly string[] {
  const output = execFileSync('git', ['ls-files', pattern], { cwd: root, encoding: 'utf8' });
  return output.split('\n').filter((file) => file !== '');
}

function linesOf(file: string, strip: (text: string) => string): readonly string[] {
  return strip(readFileSync(join(root, file), 'utf8')).split(/\r?\n/);
}

function withoutCode(text: string): string {
  return text.replaceAll(/^```.*?^```/gms, '');
}

/** The code of an example in a docstring is formatted as its own line breaks say. */
function withoutExamples(text: string): string {
  return text.replaceAll(/^ *\* ```.*?^ *\* ```/gms, '');
}
