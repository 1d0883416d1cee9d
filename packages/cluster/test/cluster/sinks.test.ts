import { expect, test } from '@jest/globals';
import { advance, settle } from '@reprise/actor/testing';

import { Cluster, type CursorMove, NotOwnerError, type Store } from '../../src/index.ts';
import { gated } from '../support/gate.ts';
import { intercepted } from '../support/intercepted.ts';
import { type Handled, type NodeOptions, openStage, type Stage } from '../support/stage.ts';

type Transact = NonNullable<NodeOptions['transact']>;

/** A sink for `transact` that tells the test. */
function transactIn(stage: Stage, then: Transact = () => undefined): { transact: Transact } {
  return {
    transact: (event, owned) => {
      stage.sink('one')(event, owned);
      return then(event, owned);
    },
  };
}

/** The moves of the transactions that were committed. */
function recorded({ store }: Stage): { store: Store<undefined, 'async'>; moves: CursorMove[] } {
  const moves: CursorMove[] = [];
  const recording = intercepted(store, async (name, args, run) => {
    const result = await run();
    if (name === 'transact') {
      moves.push(args[1] as CursorMove);
    }
    return result;
  });
  return { store: recording, moves };
}

const errorsIn = ({ system }: Stage): readonly string[] =>
  system.reports.filter(({ level }) => level === 'error').map(({ message }) => message);

test('transact: the cursor moves with each event, from where the last transaction has left it', async () => {
  await using stage = await openStage();
  const { store, moves } = recorded(stage);
  await stage.start('one', { store, streams: ['a'], ...transactIn(stage) });
  await advance(stage.system, 500);
  await stage.produce('a');
  await stage.produce('a');
  await settle(stage.system);
  expect(moves.map(({ key, was, cursor }) => [key, was, cursor])).toEqual([
    ['a', '', '"1"'],
    ['a', '"1"', '"2"'],
  ]);
});

test('transactBatch: all events that have arrived are one transaction, which moves the cursor once', async () => {
  await using stage = await openStage();
  const { store, moves } = recorded(stage);
  const batches: string[][] = [];
  const transactBatch: NodeOptions['transactBatch'] = (events, owned) => {
    batches.push(events.map(({ lastEventId }) => lastEventId));
    for (const event of events) {
      stage.sink('one')(event, owned);
    }
  };
  stage.source.stream('a').produce(5);
  await stage.start('one', { store, streams: ['a'], transactBatch });
  await advance(stage.system, 500);
  for (let count = 0; count < 5; count += 1) {
    await stage.handled.next();
  }
  await settle(stage.system);
  expect(batches.flat()).toEqual(['1', '2', '3', '4', '5']);
  expect(moves.map(({ was, cursor }) => [was, cursor])).toEqual(
    batches.map((batch, at) => [
      at === 0 ? '' : JSON.stringify(batches[at - 1]?.at(-1)),
      JSON.stringify(batch.at(-1)),
    ]),
  );
  expect(batches.length).toBeLessThan(5);
});

test('TX-05 a handler that throws moves no cursor: after a claim of its own it gets the event again', async () => {
  await using stage = await openStage();
  const { store, moves } = recorded(stage);
  let failures = 2;
  const sink = transactIn(stage, () => {
    if (failures > 0) {
      failures -= 1;
      throw new Error('out of paper');
    }
  });
  await stage.start('one', { store, streams: ['a', 'b'], ...sink });
  await advance(stage.system, 500);
  stage.source.stream('a').produce();
  const events: Handled[] = [];
  for (let count = 0; count < 3; count += 1) {
    events.push(await stage.handled.next());
    await advance(stage.system, 1000);
  }
  expect(events.map(({ id }) => id)).toEqual(['1', '1', '1']);
  const epochs = events.map(({ epoch }) => epoch);
  expect(new Set(epochs).size).toBe(3);
  expect(epochs.toSorted((one, other) => one - other)).toEqual(epochs);
  expect(moves).toHaveLength(1);
  expect(moves[0]).toMatchObject({ key: 'a', was: '', cursor: '"1"', epoch: epochs[2] });
});

test('a handler that throws repeats no event before its own, and the other streams notice nothing', async () => {
  await using stage = await openStage();
  let failures = 1;
  const handle: NodeOptions['handle'] = (event, owned) => {
    if (owned.key === 'a' && event.lastEventId === '3' && failures > 0) {
      failures -= 1;
      throw new Error('out of paper');
    }
    stage.sink('one')(event, owned);
  };
  await stage.start('one', { streams: ['a', 'b'], handle });
  await advance(stage.system, 500);
  const before = await stage.produce('a', 'b');
  await stage.produce('a');
  stage.source.stream('a').produce();
  const [third] = await Promise.all([
    stage.handled.next(),
    advanceUntil(stage, () => failures < 1),
  ]);
  expect(third).toMatchObject({ key: 'a', id: '3' });
  const after = await stage.produce('b');
  expect(after[0]?.epoch).toBe(before[1]?.epoch);
  expect(third.epoch).toBeGreaterThan(before[0]?.epoch ?? Infinity);
});

test('a write that is refused ends exactly its stream, as fenced, and without a crash report', async () => {
  await using stage = await openStage();
  let isRefused = false;
  const store = refusing(stage, (move) => isRefused && move.key === 'a');
  await stage.start('one', { store, streams: ['a', 'b'], ...transactIn(stage) });
  await advance(stage.system, 500);
  const before = await stage.produce('a', 'b');
  isRefused = true;
  await stage.produce('a');
  await settle(stage.system);
  isRefused = false;
  await advance(stage.system, 1000);
  const again = await stage.handled.next();
  expect(again).toMatchObject({ key: 'a', id: '2' });
  expect(again.epoch).toBeGreaterThan(before[0]?.epoch ?? Infinity);
  const after = await stage.produce('b');
  expect(after[0]?.epoch).toBe(before[1]?.epoch);
  expect(errorsIn(stage)).toEqual([]);
});

test('FENCE-10 a stream whose save is refused handles nothing more, and starts again from what is stored', async () => {
  await using stage = await openStage();
  const store = gated(stage.store);
  await stage.start('one', { store, streams: ['a', 'b'] });
  await advance(stage.system, 500);
  const before = await stage.produce('a', 'b');
  await advance(stage.system, 300);
  await takeAway(stage, 'a');
  await stage.produce('a');
  await advance(stage.system, 260);
  await advance(stage.system, 2000);
  const again = await stage.handled.next();
  expect(again).toMatchObject({ key: 'a', id: '2' });
  expect(again.epoch).toBeGreaterThan(before[0]?.epoch ?? Infinity);
  expect(errorsIn(stage)).toEqual([]);
});

test('TX-11 a handler that never settles is given up at the fence, with its signal and transaction', async () => {
  await using stage = await openStage();
  const store = gated(stage.store);
  const begun = Promise.withResolvers<AbortSignal>();
  const { transact } = transactIn(stage, async (_event, { signal }) => {
    begun.resolve(signal);
    await new Promise(() => undefined);
  });
  await stage.start('one', { store, streams: ['a'], transact });
  await advance(stage.system, 500);
  stage.source.stream('a').produce();
  const signal = await begun.promise;
  store.cut();
  await advance(stage.system, 1000);
  expect(signal.aborted).toBe(true);
  store.mend();
  await advance(stage.system, 3000);
  await stage.handled.next();
  expect(await stage.handled.next()).toMatchObject({ key: 'a', id: '1' });
});

/** A store that refuses some transactions, as if another node had claimed their streams. */
function refusing(
  { store }: Stage,
  isRefused: (move: CursorMove) => boolean,
): Store<undefined, 'async'> {
  return intercepted(store, async (name, args, run) => {
    const [, move, work] = args as [string, CursorMove, () => unknown];
    if (name !== 'transact' || !isRefused(move)) {
      return run();
    }
    await work();
    throw new NotOwnerError(move);
  });
}

/** Another node takes a stream by hand, and gives it up at once. */
async function takeAway({ store, system }: Stage, key: string): Promise<void> {
  const { clock } = system;
  const noop = (): void => undefined;
  const open = await store.open({ ttl: 1000, clock, onError: noop, onWarning: noop });
  const node = { id: 'thief', name: 'thief', weight: 1, ttl: 1000, host: 'h', pid: 1 };
  await open.join(node, 'r');
  const one = (await open.watch()).find(({ name }) => name === 'one');
  const mine = await open.observe(one?.id ?? '', [], { count: -1, epochs: 0 });
  const epoch = mine.mine?.find((each) => each.key === key)?.epoch ?? 0;
  await open.claim('thief', [{ key, epoch, deadFor: 0, strikes: 0 }]);
  await open.leave('thief');
}

/** Waits for something that happens by real sockets, and then for what follows by the clock. */
async function advanceUntil({ system }: Stage, isTrue: () => boolean): Promise<void> {
  while (!isTrue()) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  await advance(system, 1000);
}

test('transact: a store that cannot begin a transaction is no fault of the stream, which waits for it', async () => {
  await using stage = await openStage();
  let isAway = true;
  let attempts = 0;
  const store = intercepted(stage.store, (name, _args, run) => {
    if (name === 'transact') {
      attempts += 1;
      if (isAway) {
        throw new Error('too many clients');
      }
    }
    return run();
  });
  const one = await stage.start('one', { store, streams: ['a'], ...transactIn(stage) });
  await advance(stage.system, 500);
  stage.source.stream('a').produce(2);
  await settle(stage.system);
  await advance(stage.system, 60_000);
  expect(Cluster.status(one)).toMatchObject({
    isWell: false,
    streams: { parked: [], stalled: [{ key: 'a', why: 'handler' }] },
    store: { lastFailure: { request: 'transact', text: 'too many clients' } },
  });
  // Half of the longest pause between them, at least.
  expect(attempts).toBeLessThan(25);
  isAway = false;
  await advance(stage.system, 5000);
  expect([await stage.handled.next(), await stage.handled.next()]).toMatchObject([
    { id: '1' },
    { id: '2' },
  ]);
  expect(errorsIn(stage)).toEqual([]);
});

test('transact: a stream that waits for its store stops at once when its node does not own it any more', async () => {
  await using stage = await openStage();
  const store = intercepted(stage.store, (name, _args, run) => {
    if (name === 'transact' || name === 'renew') {
      throw new Error('too many clients');
    }
    return run();
  });
  const one = await stage.start('one', { store, streams: ['a'], ...transactIn(stage) });
  await advance(stage.system, 500);
  stage.source.stream('a').produce();
  await settle(stage.system);
  await advance(stage.system, 600);
  expect(Cluster.status(one).node).toMatchObject({ owned: 0 });
  expect(errorsIn(stage)).toEqual([]);
});
