import { expect, test } from '@jest/globals';
import { GenServer } from '@reprise/actor';

import type { CursorRecovery, HandledEvent } from '../../src/index.ts';
import { run } from '../support/run.ts';
import { openStage } from '../support/stage.ts';

/** An output that ids are appended to; a mark is their number. */
class Output implements CursorRecovery {
  readonly ids: string[] = [];
  readonly askedFor: unknown[] = [];

  mark(): number {
    return this.ids.length;
  }

  handledSince(mark: unknown): readonly HandledEvent[] {
    this.askedFor.push(mark);
    return this.ids.slice(Number(mark ?? 0)).map((id) => ({ id, lastEventId: id }));
  }
}

function kept(text: string | undefined): unknown {
  return text === undefined ? undefined : JSON.parse(text);
}

test('the mark is taken when an event has been handled, and given back at the next start', async () => {
  await using stage = await openStage();
  const store = new Map<string, string>();
  const output = new Output();
  const cursor = { store, every: 1, recovery: output };
  const both = Promise.withResolvers<void>();
  const handle = ({ data }: { readonly data: string }): void => {
    output.ids.push(data);
    if (data === 'b') {
      both.resolve();
    }
  };
  const first = await run(stage, { cursor, handle });
  (await stage.next()).stream('id: a\ndata: a\n\nid: b\ndata: b\n\n');
  await both.promise;
  await GenServer.stop(first.pid);
  expect(kept(store.get('client'))).toEqual({ lastEventId: 'b', recent: ['a', 'b'], mark: 2 });
  await run(stage, { cursor });
  expect(output.askedFor).toEqual([undefined, 2]);
});

test('the client starts after the events that are found, and writes that position first', async () => {
  await using stage = await openStage();
  const position = { lastEventId: 'a', recent: ['a'], mark: 0 };
  const store = new Map([['client', JSON.stringify(position)]]);
  const output = new Output();
  output.ids.push('a', 'b', 'c');
  const client = await run(stage, { cursor: { store, dedupe: true, recovery: output } });
  expect(await client.until('resumed')).toEqual({ type: 'resumed', lastEventId: 'c' });
  expect(kept(store.get('client'))).toEqual({
    lastEventId: 'c',
    recent: ['a', 'b', 'c'],
    mark: 3,
  });
  (await stage.next()).stream('id: b\ndata: b\n\nid: d\ndata: d\n\n');
  expect((await client.handled.next()).data).toBe('d');
});

test('of many events that are found, only the last ids are kept', async () => {
  await using stage = await openStage();
  const position = { lastEventId: 'a', recent: ['a'], mark: 0 };
  const store = new Map([['client', JSON.stringify(position)]]);
  const output = new Output();
  output.ids.push(...Array.from({ length: 20_000 }, (_, index) => `${index}`));
  const client = await run(stage, { cursor: { store, remember: 2, recovery: output } });
  expect(await client.until('resumed')).toEqual({ type: 'resumed', lastEventId: '19999' });
  expect(kept(store.get('client'))).toMatchObject({ recent: ['19998', '19999'], mark: 20_000 });
});

test('without a stored position and without a found event, the client is fresh', async () => {
  await using stage = await openStage();
  const store = new Map<string, string>();
  const client = await run(stage, { cursor: { store, recovery: new Output() } });
  expect(await client.until('fresh')).toEqual({ type: 'fresh' });
  expect(store.size).toBe(0);
});
