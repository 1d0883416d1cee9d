import { describe, expect, test } from '@jest/globals';

import { Clean } from '../../../../bench/torture/clean.ts';
import { movesSince, quantile, takeovers } from '../../../../bench/torture/moves.ts';
import { Single } from '../../../../bench/torture/single.ts';
import type { Connection } from '../../../../bench/torture/source.ts';
import { stalledWithin } from '../../../../bench/torture/stalls.ts';

type Row = readonly [number: number, epoch: number];

const none = { lost: 0, twice: 0, outOfOrder: 0, fallen: 0 };

function cleanOf(rows: readonly Row[], last: number) {
  const clean = new Clean();
  for (const [number, epoch] of rows) {
    clean.add({ stream: 's', number, epoch, node: `node-${epoch}` });
  }
  const end = new Map([['s', last]]);
  return { counts: clean.counts(end), problems: clean.problems(end) };
}

describe('clean', () => {
  test('each number once, in order, up to the last one of the source', () => {
    expect(
      cleanOf(
        [
          [1, 5],
          [2, 5],
          [3, 7],
        ],
        3,
      ),
    ).toEqual({ counts: none, problems: [] });
  });

  test.each<[string, readonly Row[], Partial<typeof none>, string]>([
    [
      'an effect that is there twice',
      [
        [1, 5],
        [2, 5],
        [2, 7],
        [3, 7],
      ],
      { twice: 1 },
      'an effect is there twice in s: number 2 at epoch 7 by node-7, after number 2 at epoch 5 by node-5',
    ],
    [
      'a number that is missing in between',
      [
        [1, 5],
        [3, 5],
      ],
      { lost: 1, outOfOrder: 1 },
      'out of order in s: number 3 at epoch 5 by node-5, after number 1 at epoch 5 by node-5',
    ],
    [
      'the last number of the source that is missing',
      [
        [1, 5],
        [2, 5],
      ],
      { lost: 1 },
      '1 of 3 effects of s are missing, the first is number 3; last number 2 at epoch 5 by node-5',
    ],
    [
      'a stream without effects',
      [],
      { lost: 3 },
      '3 of 3 effects of s are missing, the first is number 1; no effect at all',
    ],
    [
      'two numbers in the wrong order',
      [
        [1, 5],
        [3, 5],
        [2, 5],
      ],
      { outOfOrder: 2 },
      'out of order in s: number 3 at epoch 5 by node-5, after number 1 at epoch 5 by node-5',
    ],
    [
      'an old epoch after a greater one',
      [
        [1, 5],
        [2, 7],
        [3, 5],
      ],
      { fallen: 1 },
      'an epoch fell in s: number 3 at epoch 5 by node-5, after number 2 at epoch 7 by node-7',
    ],
  ])('finds %s', (_name, rows, counts, problem) => {
    const found = cleanOf(rows, 3);
    expect(found.counts).toEqual({ ...none, ...counts });
    expect(found.problems[0]).toBe(problem);
  });
});

describe('single', () => {
  type Begun = readonly [at: number, epoch: number, node: string];

  function problemsOf(entries: readonly Begun[]): readonly string[] {
    const single = new Single();
    for (const [at, epoch, node] of entries) {
      single.add({ stream: 's', number: 1, at, epoch, node });
    }
    return single.problems();
  }

  test('epochs that follow each other, written in any order', () => {
    expect(
      problemsOf([
        [3, 7, 'b'],
        [1, 5, 'a'],
        [2, 5, 'a'],
        [4, 7, 'b'],
      ]),
    ).toEqual([]);
  });

  test('finds a handler that begins after one of a greater epoch', () => {
    expect(
      problemsOf([
        [1, 5, 'a'],
        [2, 7, 'b'],
        [3.5, 5, 'a'],
        [4, 7, 'b'],
      ]),
    ).toEqual(['two owners of s: epoch 5 by a at 3.5 began 1.5 ms after epoch 7 by b at 2.0']);
  });

  test('finds it also when another epoch lies between', () => {
    expect(
      problemsOf([
        [1, 5, 'a'],
        [2, 7, 'b'],
        [3, 6, 'c'],
        [4, 5, 'a'],
      ]),
    ).toEqual([
      'two owners of s: epoch 6 by c at 3.0 began 1.0 ms after epoch 7 by b at 2.0',
      'two owners of s: epoch 5 by a at 4.0 began 2.0 ms after epoch 7 by b at 2.0',
    ]);
  });

  test('finds one epoch of two lives', () => {
    expect(
      problemsOf([
        [1, 5, 'a'],
        [2, 5, 'b'],
      ]),
    ).toEqual(['two lives have one epoch of s: epoch 5 by a at 1.0, epoch 5 by b at 2.0']);
  });
});

describe('connections', () => {
  const connections: readonly Connection[] = [
    { stream: 's', node: 'a', from: 0, to: 10 },
    { stream: 't', node: 'a', from: 0, to: 30 },
    { stream: 'u', node: 'b', from: 0, to: 3 },
    { stream: 'u', node: 'b', from: 4, to: Infinity },
    { stream: 's', node: 'b', from: 15, to: Infinity },
    { stream: 't', node: 'c', from: 28, to: Infinity },
  ];

  test('a takeover lasts from the fault to a connection on another node', () => {
    expect(takeovers(connections, { node: 'a', at: 8 })).toEqual([
      { stream: 's', after: 7 },
      { stream: 't', after: 20 },
    ]);
    expect(takeovers(connections, { node: 'b', at: 8 })).toEqual([
      { stream: 'u', after: Infinity },
    ]);
  });

  test('the gap of a move lasts from one connection to the next, and is negative for two at once', () => {
    expect(movesSince(connections, 1)).toEqual([
      { stream: 's', from: 'a', to: 'b', at: 15, gap: 5 },
      { stream: 't', from: 'a', to: 'c', at: 28, gap: -2 },
    ]);
    expect(movesSince(connections, 20)).toHaveLength(1);
  });

  test('quantiles', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect([0.5, 0.99, 1].map((part) => quantile(values, part))).toEqual([50, 99, 100]);
    expect(quantile([], 0.5)).toBeNaN();
  });

  test('a stall counts with the part that lies in the time in question', () => {
    const stalls = [
      { from: 0, to: 10 },
      { from: 20, to: 30 },
      { from: 90, to: 95 },
    ];
    expect(stalledWithin(stalls, { from: 5, to: 25 })).toBe(10);
  });
});
