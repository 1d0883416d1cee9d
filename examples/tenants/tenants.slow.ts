import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { runProgram } from '../support/program.ts';

test('tenants come, change and go by plain SQL: two processes share them, and the command line shows them', async () => {
  await using program = runProgram(join(import.meta.dirname, 'main.ts'));
  const before = await program.linesUntil(/^update tenant/);
  expect(before).toEqual(
    expect.arrayContaining([/reads acme in eu$/, /reads globex in us$/].map(line)),
  );
  expect(tenantsIn(before)).toEqual(['acme', 'globex', 'initech']);
  const after = await program.linesUntil(/^change them yourself/);
  expect(after).toEqual(
    expect.arrayContaining([/reads acme in us$/, /reads umbrella in eu$/].map(line)),
  );
  // A tenant that has gone is still shown: its position is kept.
  expect(tenantsIn(after)).toEqual(['acme', 'globex', 'initech', 'umbrella']);
  program.signal('SIGINT');
  const { status, lines } = await program.ended;
  expect(lines).toEqual(
    ['acme', 'globex', 'initech', 'umbrella'].map((tenant) =>
      line(new RegExp(String.raw`^${tenant}: \d+ prices, 0 of them twice, 0 missing$`)),
    ),
  );
  expect(status).toBe(0);
});

function line(text: RegExp): unknown {
  return expect.stringMatching(text);
}

/** The streams of the table that `reprise cluster status` has printed. */
function tenantsIn(lines: readonly string[]): readonly string[] {
  return lines.flatMap((text) => /^(\w+) +(?:node-[12]|-) +\d+$/.exec(text)?.[1] ?? []);
}
