import { randomUUID } from 'node:crypto';

import type { Claim, OpenStore } from '../../src/index.ts';
import type { SqliteTransaction } from '../../src/sqlite.ts';

/** A stream that a process owns, whose events are effects in the table `effect`. */
export interface OwnedStream {
  readonly id: string;
  /** Handles the next `count` events in one transaction. */
  handle(count: number): unknown;
}

/** Joins as a new node, buries those whose process is dead, and claims the stream. */
export async function ownStream(
  store: OpenStore<SqliteTransaction>,
  key: string,
): Promise<OwnedStream> {
  const id = randomUUID();
  await store.join({ id, name: id, weight: 1, ttl: 3000, host: '', pid: process.pid }, id);
  await store.declare([{ key, spec: '' }]);
  const dead = (await store.watch()).filter(({ pid }) => !isAlive(pid));
  const { free } = await store.observe(id, dead, { count: 0, epochs: 0 });
  const [claim] = await store.claim(
    id,
    free.filter((stream) => stream.key === key),
  );
  if (claim === undefined) {
    throw new Error(`Expected ${key} to be free, got a stream that is owned`);
  }
  return { id, handle: handlerOf(store, id, claim) };
}

function handlerOf(
  store: OpenStore<SqliteTransaction>,
  id: string,
  { key, epoch, cursor: start }: Claim,
): OwnedStream['handle'] {
  let last = Number(start);
  const { signal } = new AbortController();
  return (count) => {
    const first = last;
    last += count;
    const move = { key, epoch, was: first === 0 ? '' : `${first}`, cursor: `${last}` };
    return store.transact(id, move, (tx) => insert(tx, key, first, last), signal);
  };
}

function insert(tx: SqliteTransaction, key: string, first: number, last: number): void {
  const statement = tx.prepare('insert into effect values (?, ?, ?)');
  for (let number = first + 1; number <= last; number += 1) {
    statement.run(key, number, 'x'.repeat(200));
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
