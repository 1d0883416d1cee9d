import { beforeAll, expect, jest, test } from '@jest/globals';

import { hashesIn } from '../support/hashes-in.ts';
import { hashesOf } from '../support/hashes.ts';

jest.setTimeout(10 * 60_000);

const seeds = 300;

const firstOf = (hashes: string, count: number): string =>
  hashes.split('\n').slice(0, count).join('\n');

let plain = '';

beforeAll(async () => {
  plain = await hashesIn([], seeds);
});

test('SIM-D02 the same seeds in three processes: the same hashes', async () => {
  expect(plain.match(/^[\da-f]{16} held$/gm)).toHaveLength(seeds);
  expect(await hashesIn([], seeds)).toBe(plain);
  expect(await hashesIn([], seeds)).toBe(plain);
});

test('SIM-D04 the same seeds without the optimizing compiler: the same hashes', async () => {
  const some = 100;
  const unoptimized = await hashesIn(['--no-opt', '--no-maglev'], some);
  expect(firstOf(unoptimized, some)).toBe(firstOf(plain, some));
});

test('SIM-D04 the same seeds with a garbage collection every 500 allocations: the same hashes', async () => {
  const few = 20;
  const collected = await hashesIn(['--gc-interval=500'], few);
  expect(firstOf(collected, few)).toBe(firstOf(plain, few));
});

test('SIM-D05 the same seeds under Jest: the hashes of plain Node', async () => {
  expect(await hashesOf(seeds)).toBe(plain);
});
