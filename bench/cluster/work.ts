import type { Side } from './side.ts';

/** Work that all sides do, and its figure. */
export interface Work {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  /** Does a part of it, and returns the figure of one lap. */
  readonly lap: (side: Side, part: number) => Promise<number>;
}

/** How many streams each side has. */
export const streams = 10_000;

export const works: readonly Work[] = [
  {
    name: 'claim',
    title: `claim of ${streams.toLocaleString('en')} streams of a dead node, in one request`,
    unit: 'ms',
    lap: (side, part) => side.claim(streams / part),
  },
  each('renew', 'a renewal', 1, 300, (side, times) => side.renew(times)),
  each('save', 'a cursor, 1,000 in a statement', 1000, 20, (side, times) => side.save(1000, times)),
  transactions('single', 'an event with its effect, in a transaction of its own', 1, 300),
  transactions('batch-100', 'an event with its effect, 100 in a transaction', 100, 40),
  transactions('batch-500', 'an event with its effect, 500 in a transaction', 500, 12),
];

function transactions(name: string, title: string, size: number, times: number): Work {
  return each(name, title, size, times, (side, count) => side.transact(size, count));
}

/** The figure is the time for one of `size` in each of `times` requests. */
function each(
  name: string,
  title: string,
  size: number,
  times: number,
  run: (side: Side, times: number) => Promise<number>,
): Work {
  return {
    name,
    title,
    unit: 'µs',
    lap: async (side, part) => {
      const count = Math.ceil(times / part);
      return ((await run(side, count)) / (count * size)) * 1000;
    },
  };
}
