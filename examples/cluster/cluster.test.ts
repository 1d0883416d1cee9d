import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { postgresPrograms } from '../../tools/postgres.ts';
import { runProgram } from '../support/program.ts';

const main = join(import.meta.dirname, 'main.ts');
const streams = ['chf', 'eur', 'gbp', 'jpy', 'nok', 'usd'];

const variants: readonly (readonly [string, ...string[]])[] = [
  ['a file'],
  ...(postgresPrograms() === undefined ? [] : [['a Postgres', '--postgres'] as const]),
];

test.each(variants)(
  'three replicas that meet in %s: the streams of one that is killed go on at the others',
  async (_, ...args) => {
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
  },
);

/** The owner of each stream, as the lines tell it. */
function ownersIn(lines: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    lines.flatMap((line) => {
      const [, owner, stream] = / (\w) owns (\w+)/.exec(line) ?? [];
      return owner === undefined || stream === undefined ? [] : [[stream, owner]];
    }),
  );
}
