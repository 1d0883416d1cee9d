import { randomUUID } from 'node:crypto';
import { join as joinPath } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { isPromise } from 'node:util/types';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { virtualClock } from '@reprise/actor/testing';
import { jumpingClock } from '@reprise/sse/testing';

import type { OpenStore } from '../../src/index.ts';
import { sqlite, type SqliteTransaction } from '../../src/sqlite.ts';
import { idle, join, listed, nothing, own } from '../store/arrange.ts';
import { options } from '../store/subject.ts';
import { temporaryFolder } from '../support/temporary.ts';

const ttl = 8000;
let folder: ReturnType<typeof temporaryFolder>;
let clock: ReturnType<typeof virtualClock>;
let file: string;
let store: OpenStore<SqliteTransaction>;
let id: string;
/** A connection of another process, which holds the file by a transaction. */
let other: DatabaseSync;

beforeEach(async () => {
  folder = temporaryFolder();
  clock = virtualClock();
  file = joinPath(folder.path, 'cluster.db');
  store = await sqlite(file).open({ ...options, ttl, clock });
  id = await join(store as OpenStore<unknown>);
  other = new DatabaseSync(file);
});

afterEach(async () => {
  other.close();
  await store.close();
  folder[Symbol.dispose]();
});

describe('an SQLite file that another process writes to', () => {
  test('SQL-02 is tried again after 32 ms at most, and the thread is free meanwhile', async () => {
    other.exec('begin immediate');
    const renewed = store.renew(id, 'r2', idle);
    await clock.advance(900);
    other.exec('commit');
    await clock.advance(32);
    expect(await renewed).toBe(true);
    expect(await store.watch()).toMatchObject([{ renewal: 'r2' }]);
  });

  test('fails a request after an eighth of the lease, with the name of the file', async () => {
    other.exec('begin immediate');
    const outcomes = Promise.allSettled([
      store.renew(id, 'r2', idle),
      store.claim(id, []),
      store.leave(id),
      store.observe(id, [{ id: randomUUID(), renewal: 'r' }], nothing),
    ]);
    await clock.advance(1000 + 32);
    expect(await messagesOf(outcomes)).toEqual(Array(4).fill(busyFor(1000)));
    other.exec('commit');
    expect(await store.renew(id, 'r2', idle)).toBe(true);
  });

  test('fails a large request after a half of the lease', async () => {
    other.exec('begin immediate');
    const outcomes = Promise.allSettled([store.save(id, []), store.declare(listed(['eur']))]);
    await clock.advance(4000 + 32);
    expect(await messagesOf(outcomes)).toEqual(Array(2).fill(busyFor(4000)));
    other.exec('commit');
  });

  test('is read without waiting: a node sees the values of others, and what is free', async () => {
    await store.declare(listed(['eur']));
    other.exec("begin immediate; update reprise_nodes set renewal = 'not committed'");
    expect(await store.watch()).toMatchObject([{ id }]);
    expect(await store.observe(id, [], nothing)).toMatchObject({ free: [{ key: 'eur' }] });
    other.exec('rollback');
  });

  test('takes a transaction at once if it is free, without a promise', async () => {
    const step = await firstEvent();
    expect(transact(step, () => 'done')).toBe('done');
  });

  test('takes a transaction later if it is busy, longer than an eighth of the lease', async () => {
    const step = await firstEvent();
    other.exec('begin immediate');
    let runs = 0;
    const handled = transact(step, () => (runs += 1));
    await clock.advance(ttl - 100);
    expect(runs).toBe(0);
    other.exec('commit');
    await clock.advance(32);
    expect(await handled).toBe(1);
  });

  test('fails a transaction after a whole lease: its node has lost the stream by then', async () => {
    const step = await firstEvent();
    other.exec('begin immediate');
    const failed = Promise.allSettled([transact(step, neverRun)]);
    await clock.advance(ttl + 32);
    expect(await messagesOf(failed)).toEqual([busyFor(8000)]);
    other.exec('commit');
  });

  test('does not begin a handler whose signal has aborted while it waited', async () => {
    const step = await firstEvent();
    const stop = new AbortController();
    other.exec('begin immediate');
    const failed = Promise.allSettled([transact(step, neverRun, stop.signal)]);
    await clock.advance(100);
    stop.abort(new Error('fenced'));
    other.exec('commit');
    await clock.advance(32);
    expect(await messagesOf(failed)).toEqual(['fenced']);
  });

  test('does not run a handler twice because of another file of its own that is busy', async () => {
    const step = await firstEvent();
    const busy = Object.assign(new Error('database is locked'), { errcode: 5 });
    let runs = 0;
    const failing = (): never => {
      runs += 1;
      throw busy;
    };
    expect(() => transact(step, failing)).toThrow(busy);
    await clock.advance(100);
    expect(runs).toBe(1);
  });

  test('SQL-02 is left to others for 4 ms by a process that has written for 16 ms', async () => {
    const jumping = jumpingClock(clock);
    const busy = await sqlite(file).open({ ...options, ttl, clock: jumping });
    const [claim] = await own(busy as OpenStore<unknown>, id, ['eur']);
    const { epoch = 0 } = claim ?? {};
    const { signal } = new AbortController();
    const write = (was: string, cursor: string): unknown =>
      busy.transact(
        id,
        { key: 'eur', epoch, was, cursor },
        () => {
          jumping.jump(10);
          return cursor;
        },
        signal,
      );
    expect([write('', '1'), write('1', '2'), write('2', '3')]).toEqual(['1', '2', '3']);
    await join(store as OpenStore<unknown>);
    await busy.watch();
    const fourth = write('3', '4');
    expect(isPromise(fourth)).toBe(true);
    other.exec('begin immediate; commit');
    await clock.advance(3);
    other.exec('begin immediate; commit');
    await clock.advance(1);
    expect(await fourth).toBe('4');
    expect(write('4', '5')).toBe('5');
    await busy.close();
  });

  test('is opened when it is free', async () => {
    other.exec('begin immediate');
    const opened = sqlite(file).open({ ...options, ttl, clock });
    await clock.advance(5000);
    other.exec('commit');
    await clock.advance(32);
    const second = await opened;
    expect(await second.watch()).toMatchObject([{ id }]);
    await second.close();
  });

  test('is not waited for longer than a lease when it is opened', async () => {
    other.exec('begin immediate');
    const failed = Promise.allSettled([sqlite(file).open({ ...options, ttl, clock })]);
    await clock.advance(ttl + 32);
    expect(await messagesOf(failed)).toEqual([busyFor(8000)]);
    other.exec('commit');
  });
});

async function firstEvent() {
  const [claim] = await own(store as OpenStore<unknown>, id, ['eur']);
  return { key: 'eur', epoch: claim?.epoch ?? 0, was: '', cursor: '1' };
}

function transact(
  step: Awaited<ReturnType<typeof firstEvent>>,
  work: () => unknown,
  signal: AbortSignal = new AbortController().signal,
): unknown {
  return store.transact(id, step, work, signal);
}

function neverRun(): never {
  throw new Error('Expected the handler not to begin, got a run of it');
}

function busyFor(ms: number): string {
  return `Expected the file ${file} to be free within ${ms} ms, got one that other processes write to`;
}

async function messagesOf(
  outcomes: Promise<readonly PromiseSettledResult<unknown>[]>,
): Promise<readonly (string | undefined)[]> {
  return (await outcomes).map((outcome) =>
    outcome.status === 'rejected' ? (outcome.reason as Error).message : undefined,
  );
}
