import process from 'node:process';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { compare } from '../../../../bench/differential/compare.ts';
import { Erlang, findErlang } from '../../../../bench/differential/erlang.ts';
import { type Mutant, mutants } from '../../../../bench/differential/mutants.ts';

const isHere = findErlang();
if (!isHere) {
  const text = 'NOTHING WAS COMPARED WITH ERLANG: it is not here (install erlang-base)';
  if (process.env['CI'] !== undefined) {
    throw new Error(text);
  }
  const rule = '!'.repeat(text.length);
  process.stderr.write(`\n${rule}\n${text}\n${rule}\n\n`);
}

(isHere ? describe : describe.skip)('random programs in Erlang and here', () => {
  let erlang: Erlang;
  beforeAll(async () => {
    erlang = await Erlang.start();
  });
  afterAll(() => erlang.stop());

  test('do the same', async () => {
    const { programs, difference } = await compare(erlang, { seed: 1, programs: 150 });
    expect(difference).toBeUndefined();
    expect(programs).toBe(150);
  });

  test.each(Object.keys(mutants))('do not, after a fault is planted here: %s', async (name) => {
    const mutant = mutants[name] as Mutant;
    const { difference } = await compare(erlang, { seed: 1, programs: 2000, mutant });
    expect(difference).toBeDefined();
    expect(difference?.ours.length).toBeLessThan(100);
  });
});
