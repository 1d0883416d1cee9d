import { expect, test } from '@jest/globals';

import { Saves } from '../../src/member/saves.ts';
import type { SavedRow } from '../../src/store.ts';
import { HeldThread } from '../../src/stream/held-thread.ts';
import { type Host, OwnedStream } from '../../src/stream/owned-stream.ts';

const host: Host = {
  clock: { now: () => 0, setTimeout: () => ({}), clearTimeout: () => undefined },
  random: Math.random,
  heldThread: new HeldThread(),
  isGood: () => true,
  moved: () => undefined,
  refused: () => undefined,
  failed: () => undefined,
  ended: () => undefined,
};

const streamOf = (key: string): OwnedStream => {
  const claim = { key, epoch: 1, cursor: '', recent: undefined, strikes: 0 };
  return new OwnedStream(claim, undefined, host, undefined);
};

/** Saves whose requests the test answers. */
function open(): {
  saves: Saves;
  plans: ('soon' | 'now')[];
  failures: unknown[];
  asked: { rows: readonly SavedRow[]; answer: PromiseWithResolvers<readonly string[]> }[];
} {
  const asked: ReturnType<typeof open>['asked'] = [];
  const plans: ('soon' | 'now')[] = [];
  const failures: unknown[] = [];
  const saves = new Saves({
    save: (rows) => {
      const answer = Promise.withResolvers<readonly string[]>();
      asked.push({ rows, answer });
      return answer.promise;
    },
    plan: (when) => {
      plans.push(when);
    },
    failed: (error) => {
      failures.push(error);
    },
  });
  return { saves, plans, failures, asked };
}

function move(saves: Saves, stream: OwnedStream, cursor: string): Promise<void> | undefined {
  stream.cursor = cursor;
  return saves.moved(stream);
}

test('all cursors that have moved go in one request, each as it is then', async () => {
  const { saves, plans, asked } = open();
  const [a, b] = [streamOf('a'), streamOf('b')];
  void move(saves, a, '1');
  void move(saves, b, '1');
  void move(saves, a, '2');
  const done = saves.flush();
  await Promise.resolve();
  expect(plans).toEqual(['soon']);
  expect(asked.map(({ rows }) => rows.map(({ key, cursor }) => [key, cursor]))).toEqual([
    [
      ['a', '2'],
      ['b', '1'],
    ],
  ]);
  asked[0]?.answer.resolve(['a', 'b']);
  await done;
  expect([a.unsaved, b.unsaved]).toEqual([0, 0]);
});

test('after a request that failed the next one has its streams again', async () => {
  const { saves, plans, asked, failures } = open();
  const a = streamOf('a');
  void move(saves, a, '1');
  const done = saves.flush();
  await Promise.resolve();
  void move(saves, a, '2');
  asked[0]?.answer.reject(new Error('away'));
  await done;
  expect(failures).toEqual([new Error('away')]);
  expect(plans.at(-1)).toBe('soon');
  void saves.flush();
  await Promise.resolve();
  expect(asked[1]?.rows.map(({ cursor }) => cursor)).toEqual(['2']);
  expect(a.unsaved).toBe(2);
});

test('a stream that is 10,000 moves ahead of the store waits for it', async () => {
  const { saves, plans, asked } = open();
  const a = streamOf('a');
  for (let count = 1; count < 10_000; count += 1) {
    expect(move(saves, a, String(count))).toBeUndefined();
  }
  const waiting = move(saves, a, '10000');
  expect(waiting).toBeInstanceOf(Promise);
  expect(plans.at(-1)).toBe('now');
  const done = saves.flush();
  await Promise.resolve();
  asked[0]?.answer.resolve(['a']);
  await done;
  expect(await waiting).toBeUndefined();
});

test('FENCE-10 a stream that waits for a save which is refused goes on never', async () => {
  const { saves, asked } = open();
  const a = streamOf('a');
  let waiting: Promise<void> | undefined;
  for (let count = 1; count <= 10_000; count += 1) {
    waiting = move(saves, a, String(count));
  }
  const done = saves.flush();
  await Promise.resolve();
  asked[0]?.answer.resolve([]);
  await done;
  const first = await Promise.race([waiting?.then(() => 'acknowledged'), Promise.resolve('not')]);
  expect(first).toBe('not');
  expect(a.unsaved).toBe(10_000);
});
