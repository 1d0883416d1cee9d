import { randomUUID } from 'node:crypto';

import { expect, test } from '@jest/globals';
import type pg from 'pg';
import type { PoolClient } from 'pg';

import { NotOwnerError, type NodeRow, type OpenStore } from '../../src/index.ts';
import { listed } from '../store/arrange.ts';
import {
  failureOf,
  free,
  gate,
  join,
  never,
  newNode,
  onPostgres,
  only,
  own,
  Place,
  step,
  until,
} from './support.ts';

const nothing = { count: 0, epochs: 0 };

/** Waits until a session of this database waits for a lock that another holds. */
async function lockIsWaitedFor(place: Place): Promise<void> {
  const watcher = await place.client();
  await until(async () => {
    const { rowCount } = await watcher.query(
      `select from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock' and query like $1`,
      [`%${place.schema}%`],
    );
    return rowCount !== 0;
  });
}

async function rowOf(store: OpenStore<PoolClient>, id: string): Promise<NodeRow> {
  const row = (await store.watch()).find((node) => node.id === id);
  if (row === undefined) {
    throw new Error('Expected a node that is not buried, got none');
  }
  return row;
}

/** Buries a node and claims its only stream. */
async function follow(store: OpenStore<PoolClient>, dead: string): Promise<string | undefined> {
  const heir = await join(store);
  const { free: streams } = await store.observe(heir, [await rowOf(store, dead)], nothing);
  const [claim] = await store.claim(heir, streams);
  return claim?.cursor;
}

/** A table for effects, whose commits wait for an advisory lock that the test holds. */
async function slowCommits(place: Place): Promise<pg.Client> {
  const s = place.schema;
  await place.sql(`create table ${s}.effect (body text primary key);
    create function ${s}.wait() returns trigger language plpgsql as
      $$ begin perform pg_advisory_xact_lock_shared(hashtextextended('${s}', 0)); return null; end $$;
    create constraint trigger slow after insert on ${s}.effect
      deferrable initially deferred for each row execute function ${s}.wait()`);
  const holder = await place.client();
  await holder.query('select pg_advisory_lock(hashtextextended($1, 0))', [s]);
  return holder;
}

onPostgres('claims', () => {
  test('OWN-07 of the same 10,000 streams by two nodes in opposite orders: none to both, none to nobody, no deadlock', async () => {
    await using place = await Place.create();
    const [one, two] = [await place.open({}, 60_000), await place.open({}, 60_000)];
    const keys = Array.from({ length: 10_000 }, (_, index) => `stream-${index}`);
    await one.store.declare(listed(keys));
    const wanted = keys.map((key) => free({ key, epoch: 0 }));
    const ids = [await join(one.store), await join(two.store)] as const;
    const [mine, theirs] = await Promise.all([
      one.store.claim(ids[0], wanted),
      two.store.claim(ids[1], wanted.toReversed()),
    ]);
    const got = [...mine, ...theirs].map(({ key }) => key);
    expect(got).toHaveLength(10_000);
    expect(new Set(got).size).toBe(10_000);
  });

  test('OWN-09 a burial waits for a renewal whose commit hangs, and then buries nobody', async () => {
    await using place = await Place.create();
    const { store } = await place.open({}, 60_000);
    const owner = await own(store, ['eur']);
    const seen = await rowOf(store, owner.id);
    const renewing = await place.client();
    await renewing.query('begin');
    await renewing.query(`update ${place.schema}.nodes set renewal = $2 where id = $1`, [
      owner.id,
      randomUUID(),
    ]);
    const burying = (await place.open({}, 60_000)).store;
    const heir = await join(burying);
    let isAnswered = false;
    const observing = burying.observe(heir, [seen], nothing).finally(() => {
      isAnswered = true;
    });
    await lockIsWaitedFor(place);
    expect(isAnswered).toBe(false);
    await renewing.query('commit');
    const view = await observing;
    expect(view.nodes.map(({ id }) => id)).toContain(owner.id);
    expect(view.free).toEqual([]);
    expect(await burying.claim(heir, [free(only(owner))])).toHaveLength(1);
  });

  test('OWN-10 a claim that meets a row that another claims gets nothing of it, then or later', async () => {
    await using place = await Place.create();
    const { store } = await place.open();
    const id = await join(store);
    await store.declare(listed(['eur', 'usd']));
    const other = await place.client();
    await other.query('begin');
    await other.query(
      `update ${place.schema}.owners set owner = $1, epoch = epoch + 1 where key = 'eur'`,
      [randomUUID()],
    );
    const wanted = ['eur', 'usd'].map((key) => free({ key, epoch: 0 }));
    const claims = await store.claim(id, wanted);
    expect(claims.map(({ key }) => key)).toEqual(['usd']);
    await other.query('commit');
    expect(await store.claim(id, wanted)).toEqual([]);
  });

  test('OWN-10 a claim that waits while a row gets another epoch does not take it', async () => {
    await using place = await Place.create();
    const { store } = await place.open({}, 60_000);
    const id = await join(store);
    await store.declare(listed(['eur']));
    // A lock on the table holds the whole statement up, after its snapshot may have been taken.
    const other = await place.client();
    await other.query('begin');
    await other.query(`lock table ${place.schema}.owners in access exclusive mode`);
    const claiming = store.claim(id, [free({ key: 'eur', epoch: 0 })]);
    await lockIsWaitedFor(place);
    await other.query(`update ${place.schema}.owners set epoch = 7`);
    await other.query('commit');
    expect(await claiming).toEqual([]);
  });

  test('a name that a node has left between two looks is given to the next', async () => {
    await using place = await Place.create();
    const { store } = await place.open();
    const [first, second] = [newNode('a'), newNode('a')];
    await store.join(first, randomUUID());
    expect(await store.join(second, randomUUID())).toMatchObject({ id: first.id });
    await store.leave(first.id);
    expect(await store.join(second, randomUUID())).toBeUndefined();
    await expect(store.join(first, randomUUID())).resolves.toMatchObject({ id: second.id });
    await store.leave(second.id);
    await expect(store.join(first, randomUUID())).rejects.toThrow('Expected a new id');
  });

  test('rows of nodes that ended a day ago and own nothing are removed by the next that joins', async () => {
    await using place = await Place.create();
    const { store } = await place.open();
    const owner = await own(store, ['eur']);
    const idle = await join(store);
    await store.leave(owner.id);
    await store.leave(idle);
    await place.sql(`update ${place.schema}.nodes set buried_at = buried_at - interval '25 h'`);
    const recent = await join(store);
    await store.leave(recent);
    await join(store);
    const rows = await place.sql<{ id: string }>(
      `select id from ${place.schema}.nodes where buried_at is not null`,
    );
    expect(rows.map(({ id }) => id).toSorted()).toEqual([owner.id, recent].toSorted());
  });
});

onPostgres('late writers', () => {
  test('FENCE-03 a commit that meets a claim under way waits for it, and leaves nothing', async () => {
    await using place = await Place.create();
    const { store } = await place.open({}, 60_000);
    const owner = await own(store, ['eur']);
    await place.sql(`create table ${place.schema}.effect (body text)`);
    const other = await place.client();
    await other.query('begin');
    await other.query(`update ${place.schema}.owners set owner = $1, epoch = epoch + 1`, [
      randomUUID(),
    ]);
    const failure = failureOf(
      Promise.resolve(
        store.transact(
          owner.id,
          step(only(owner), '1'),
          (tx) => tx.query(`insert into ${place.schema}.effect values ('a')`),
          never(),
        ),
      ),
    );
    await lockIsWaitedFor(place);
    await other.query('commit');
    expect(await failure).toBeInstanceOf(NotOwnerError);
    expect(await place.sql(`select from ${place.schema}.effect`)).toEqual([]);
    expect(await place.cursor('eur')).toBe('');
  });

  test('FENCE-03 a claim that meets a commit under way gets nothing, and then the cursor of that commit', async () => {
    await using place = await Place.create();
    const { store } = await place.open({}, 60_000);
    const owner = await own(store, ['eur']);
    const holder = await slowCommits(place);
    const committing = store.transact(
      owner.id,
      step(only(owner), '1'),
      (tx) => tx.query(`insert into ${place.schema}.effect values ('a')`),
      never(),
    );
    await until(async () => {
      const { rowCount } = await holder.query(
        `select from pg_stat_activity where wait_event = 'advisory' and datname = current_database()`,
      );
      return rowCount !== 0;
    });
    const { store: second } = await place.open();
    expect(await follow(second, owner.id)).toBeUndefined();
    await holder.query('select pg_advisory_unlock_all()');
    await committing;
    const heir = await join(second);
    const { free: streams } = await second.observe(heir, [], nothing);
    expect(await second.claim(heir, streams)).toMatchObject([{ key: 'eur', cursor: '1' }]);
  });

  test('FENCE-03 of 100 commits that race with a takeover each is whole, and the claim has its cursor, or nothing', async () => {
    await using place = await Place.create();
    const [zombie, store] = [(await place.open()).store, (await place.open()).store];
    await place.sql(`create table ${place.schema}.effect (body text)`);
    const keys = Array.from({ length: 100 }, (_, index) => `stream-${index}`);
    const owner = await own(zombie, keys);
    const row = await rowOf(store, owner.id);
    const heir = await join(store);
    const commits = owner.claims.map((claim) =>
      Promise.resolve(
        zombie.transact(
          owner.id,
          step(claim, '1'),
          (tx) => tx.query(`insert into ${place.schema}.effect values ($1)`, [claim.key]),
          never(),
        ),
      ).then(
        () => claim.key,
        (error: unknown) => error,
      ),
    );
    await Promise.race(commits);
    const claimed = new Map<string, string>();
    // A claim skips a row that is being written: it is had by a later look.
    while (claimed.size < keys.length) {
      const { free: streams } = await store.observe(heir, [row], nothing);
      for (const { key, cursor } of await store.claim(heir, streams)) {
        claimed.set(key, cursor);
      }
    }
    const committed = (await Promise.all(commits)).filter((outcome) => typeof outcome === 'string');
    const effects = await place.sql<{ body: string }>(`select body from ${place.schema}.effect`);
    const withCursor = keys.filter((key) => claimed.get(key) === '1');
    expect(withCursor.toSorted()).toEqual(committed.toSorted());
    expect(effects.map(({ body }) => body).toSorted()).toEqual(committed.toSorted());
  });

  test('FENCE-06 FENCE-07 a handler that was stopped after its insert holds a unique key for T at most; then its session is gone', async () => {
    await using place = await Place.create();
    const { store } = await place.open({}, 3000);
    const owner = await own(store, ['eur']);
    await place.sql(`create table ${place.schema}.effect (body text primary key)`);
    const insert = (tx: PoolClient) =>
      tx.query(`insert into ${place.schema}.effect values ('same')`);
    const inserted = gate();
    const frozen = failureOf(
      Promise.resolve(
        store.transact(
          owner.id,
          step(only(owner), '1'),
          async (tx) => {
            await insert(tx);
            inserted.open();
            await new Promise(() => {});
          },
          never(),
        ),
      ),
    );
    await inserted.opened;
    const { store: second, errors } = await place.open({}, 3000);
    const heir = await join(second);
    const row = await rowOf(second, owner.id);
    const { free: streams } = await second.observe(heir, [row], nothing);
    const [claim = only(owner)] = await second.claim(heir, streams);
    await second.transact(heir, step(claim, '1'), insert, never());
    // The connection of the stopped one was ended by the server: that is told, not thrown.
    expect(await frozen).toMatchObject({ code: '25P03' });
    expect(errors).toEqual([]);
    expect(await place.cursor('eur')).toBe('1');
    const held = await place.sql(
      `select from pg_stat_activity
        where datname = current_database() and state like 'idle in transaction%'`,
    );
    expect(held).toEqual([]);
  });

  test('FENCE-08 the stream of a handler that runs for long is claimed at once: no row of ours is locked by it', async () => {
    await using place = await Place.create();
    const { store } = await place.open();
    const owner = await own(store, ['eur']);
    const [started, finish] = [gate(), gate()];
    const failure = failureOf(
      Promise.resolve(
        store.transact(
          owner.id,
          step(only(owner), '1'),
          async (tx) => {
            await tx.query('select 1');
            started.open();
            await finish.opened;
          },
          never(),
        ),
      ),
    );
    await started.opened;
    const { store: second } = await place.open();
    expect(await follow(second, owner.id)).toBe('');
    finish.open();
    expect(await failure).toBeInstanceOf(NotOwnerError);
  });

  test('FENCE-11 under a default of `serializable` transactions commit, and one that meets a claim is refused as everywhere', async () => {
    await using place = await Place.create();
    const role = `r${randomUUID().slice(0, 8)}`;
    await place.sql(`create role ${role} login superuser`);
    await place.sql(`alter role ${role} set default_transaction_isolation to serializable`);
    const url = place.url.replace('//postgres@', `//${role}@`);
    const { store } = await place.open({ url }, 60_000);
    const owner = await own(store, ['eur']);
    const isolation: unknown[] = [];
    await store.transact(
      owner.id,
      step(only(owner), '1'),
      async (tx) => {
        const { rows } = await tx.query('show transaction_isolation');
        isolation.push(...rows);
      },
      never(),
    );
    expect(isolation).toEqual([{ transaction_isolation: 'read committed' }]);
    const other = await place.client();
    await other.query('begin');
    await other.query(`update ${place.schema}.owners set owner = $1, epoch = epoch + 1`, [
      randomUUID(),
    ]);
    const move = { ...step(only(owner), '2'), was: '1' };
    const failure = failureOf(
      Promise.resolve(store.transact(owner.id, move, (tx) => tx.query('select 1'), never())),
    );
    await lockIsWaitedFor(place);
    await other.query('commit');
    expect(await failure).toBeInstanceOf(NotOwnerError);
  });
});
