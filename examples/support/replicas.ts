import { join } from 'node:path';

import { expect } from '@jest/globals';

import { runProgram } from './program.ts';

const main = join(import.meta.dirname, '..', 'cluster', 'main.ts');
const streams = ['chf', 'eur', 'gbp', 'jpy', 'nok', 'usd'];

/** Runs the example of a cluster: the streams of the replica that is killed go on at the others. */
export async function expectFailOver(...args: readonly string[]): Promise<void> {
  await using program = runProgram(main, ...args);
  const before = ownersIn(await program.linesUntil(/b has ended: SIGKILL$/));
  expect(Object.keys(before).toSorted()).toEqual(streams);
  const lost = streams.filter((stream) => before[stream] === 'b');
  const after: Record<string, string> = {};
  while (!lost.every((stream) => stream in after)) {
    Object.assign(after, ownersIn(await program.linesUntil(/ owns /)));
  }
  expect(lost).not.toEqual([]);
  expect(lost.map((stream) => after[stream])).not.toContain('b');
  program.signal('SIGINT');
  const { status, lines } = await program.ended;
  expect(lines.at(-1)).toMatch(/ s {2}\d+ prices, 0 of them twice, 0 missing$/);
  expect(lines).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/a has ended: status 0$/),
      expect.stringMatching(/c has ended: status 0$/),
    ]),
  );
  expect(status).toBe(0);
}

/** The owner of each stream, as the lines tell it. */
function ownersIn(lines: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    lines.flatMap((line) => {
      const [, owner, stream] = / (\w) owns (\w+)/.exec(line) ?? [];
      return owner === undefined || stream === undefined ? [] : [[stream, owner]];
    }),
  );
}
