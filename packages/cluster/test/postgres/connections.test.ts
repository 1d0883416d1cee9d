import { randomUUID } from 'node:crypto';
import dns from 'node:dns';

import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { systemClock } from '@reprise/actor';
import { virtualClock } from '@reprise/actor/testing';

import { Proxy } from '../../../../bench/torture/proxy.ts';
import { postgresSql } from '../../src/postgres.ts';
import { refusalOfTtl } from '../../src/postgres/check.ts';
import { limitedClient } from '../../src/postgres/limited-client.ts';
import {
  database,
  failureOf,
  gate,
  join,
  never,
  onPostgres,
  only,
  own,
  Place,
  step,
  until,
} from './support.ts';

const idle = { owned: 0, draining: false, list: '', busy: 0 };

/** A place behind a proxy; `direct` is the way past it. */
interface Proxied {
  readonly place: Place;
  readonly proxy: Proxy;
  readonly proxied: string;
}

let world: Proxied;

beforeEach(async () => {
  const place = await Place.create(await database());
  const { hostname: host, port } = new URL(place.url);
  const proxy = await Proxy.start({ host, port: Number(port) });
  world = { place, proxy, proxied: place.url.replace(`:${port}/`, `:${proxy.port}/`) };
});

afterEach(async () => {
  await world.place[Symbol.asyncDispose]();
  await world.proxy.close();
});

/** Ends the sessions of this database with this name, and waits for that. */
async function terminate(name: string): Promise<void> {
  await until(async () => {
    const rows = await world.place.sql(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name = $1`,
      [name],
    );
    return rows.length === 0;
  });
}

/** A role that may do all that a node does, and the URL of it. */
async function makeRole(place: Place): Promise<{ readonly role: string; readonly url: string }> {
  const role = `r${randomUUID().slice(0, 8)}`;
  await place.sql(`create role ${role} login`);
  await place.sql(postgresSql({ schema: place.schema, role }));
  return { role, url: place.url.replace('//postgres@', `//${role}@`) };
}

function holdThread(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end) {
    // Nothing else runs.
  }
}

onPostgres('the lease connection', () => {
  test('LEASE-04 sends a renewal while the answer to another request is late', async () => {
    const { place, proxy, proxied } = world;
    const { store } = await place.open({ leaseUrl: proxied }, 60_000);
    const id = await join(store);
    const renewal = randomUUID();
    proxy.swallow('answers');
    const requests = [failureOf(store.watch()), failureOf(store.renew(id, renewal, idle))];
    await until(async () => {
      const rows = await place.sql(`select from ${place.schema}.nodes where renewal = $1`, [
        renewal,
      ]);
      return rows.length > 0;
    });
    await store.close();
    expect(await Promise.all(requests)).toEqual([expect.any(Error), expect.any(Error)]);
  });

  test('PGC-01 that the server ends while it is idle is told, not thrown; the next request has another', async () => {
    const { store, errors } = await world.place.open();
    const id = await join(store);
    await terminate('reprise lease');
    await until(async () => errors.length > 0);
    expect(errors).toEqual([expect.objectContaining({ code: '57P01' })]);
    expect(await store.renew(id, randomUUID(), idle)).toBe(true);
    expect(errors).toHaveLength(1);
  });

  test('PGC-01 that the server ends while it is busy fails all that wait for its reason, and the next has another', async () => {
    const { store, errors } = await world.place.open({}, 60_000);
    const id = await join(store);
    const locker = await world.place.client();
    await locker.query('begin');
    await locker.query(`lock table ${world.place.schema}.nodes in access exclusive mode`);
    const failures = [failureOf(store.renew(id, randomUUID(), idle)), failureOf(store.watch())];
    await until(async () => {
      const rows = await world.place.sql(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      return rows.length > 0;
    });
    await terminate('reprise lease');
    const reason = expect.objectContaining({ code: '57P01' });
    expect(await Promise.all(failures)).toEqual([reason, reason]);
    await locker.query('rollback');
    expect(await store.renew(id, randomUUID(), idle)).toBe(true);
    expect(errors).toEqual([]);
  });

  test('PGC-13 that swallows every byte fails its request after an eighth of T, and the next has another', async () => {
    const { store } = await world.place.open({ url: world.proxied }, 8000);
    const id = await join(store);
    world.proxy.swallow('both');
    await expect(store.renew(id, randomUUID(), idle)).rejects.toThrow(
      'Expected an answer of Postgres within 1000 ms, got none',
    );
    // The old one stays deaf for good.
    expect(await store.renew(id, randomUUID(), idle)).toBe(true);
  });

  test('LEASE-13 has renewals answered while all connections of the pool are in handlers', async () => {
    const { store } = await world.place.open();
    const keys = ['a', 'b', 'c', 'd', 'e'];
    const owner = await own(store, keys);
    const [full, finish] = [gate(), gate()];
    let running = 0;
    const handled = owner.claims.map((claim) =>
      store.transact(
        owner.id,
        step(claim, '1'),
        async (tx) => {
          await tx.query('select 1');
          running += 1;
          if (running === 4) {
            full.open();
          }
          await finish.opened;
        },
        never(),
      ),
    );
    await full.opened;
    expect(await store.renew(owner.id, randomUUID(), idle)).toBe(true);
    expect(await store.watch()).toHaveLength(1);
    finish.open();
    await Promise.all(handled);
    expect(running).toBe(5);
  });

  test('PGC-06 that is accepted and gets no answer fails its request', async () => {
    const { store } = await world.place.open({ url: world.proxied }, 8000);
    const id = await join(store);
    world.proxy.swallowsNew = 'both';
    world.proxy.cut();
    const failures = [await failureOf(store.watch()), await failureOf(store.watch())];
    expect(failures.map(String)).toContain(
      'Error: Expected an answer of Postgres within 1000 ms, got none',
    );
    world.proxy.swallowsNew = 'nothing';
    expect(await store.renew(id, randomUUID(), idle)).toBe(true);
  });

  test('LEASE-07 that is made while the thread is held counts, though its time is over', async () => {
    const client = new (limitedClient(systemClock(), 100))({ connectionString: world.place.url });
    const connected = client.connect();
    holdThread(700);
    await expect(connected).resolves.toBe(client);
    await client.end();
  });

  test('PGC-07 to a closed port fails in the words of the system, and works again when it is open', async () => {
    const { store } = await world.place.open({ url: world.proxied });
    const id = await join(store);
    await world.proxy.refuse();
    await until(async () => {
      const failure = await failureOf(store.watch()).catch(() => undefined);
      return String(failure).includes('ECONNREFUSED');
    });
    await world.proxy.listen();
    expect(await store.renew(id, randomUUID(), idle)).toBe(true);
  });

  test('PGC-07 to a name that does not resolve fails in the words of the system, and works again when it does', async () => {
    const { lookup } = dns;
    let isKnown = true;
    jest.spyOn(dns, 'lookup').mockImplementation(((host: string, ...rest: readonly unknown[]) => {
      const answer = rest.at(-1) as (error: Error) => void;
      const error = new Error(`getaddrinfo ENOTFOUND ${host}`);
      return isKnown
        ? Reflect.apply(lookup, dns, ['127.0.0.1', ...rest])
        : answer(Object.assign(error, { code: 'ENOTFOUND' }));
    }) as never);
    const url = world.proxied.replace('127.0.0.1', 'db.example.com');
    const { store } = await world.place.open({ url });
    const id = await join(store);
    isKnown = false;
    world.proxy.cut();
    await until(async () => {
      const failure = await failureOf(store.watch()).catch(() => undefined);
      return String(failure).includes('getaddrinfo ENOTFOUND db.example.com');
    });
    isKnown = true;
    expect(await store.renew(id, randomUUID(), idle)).toBe(true);
  });

  test('PGC-07 to a server with too many clients fails in its words', async () => {
    const { place } = world;
    const { role, url } = await makeRole(place);
    const { store } = await place.open({ url });
    const id = await join(store);
    await place.sql(`alter role ${role} connection limit 0`);
    await terminate('reprise lease');
    await until(async () => (await failureOf(store.watch()).catch(() => undefined)) !== undefined);
    await expect(store.watch()).rejects.toMatchObject({
      code: '53300',
      message: expect.stringContaining('too many connections for role'),
    });
    await place.sql(`alter role ${role} connection limit 1`);
    expect(await store.renew(id, randomUUID(), idle)).toBe(true);
  });

  test('PGC-16 to a database that has become read-only fails in its words, and works again when that ends', async () => {
    const { place } = world;
    const role = `r${randomUUID().slice(0, 8)}`;
    await place.sql(`create role ${role} login superuser`);
    const { store } = await place.open({ url: place.url.replace('//postgres@', `//${role}@`) });
    const id = await join(store);
    await place.sql(`alter role ${role} set default_transaction_read_only to on`);
    await terminate('reprise lease');
    await until(async () => {
      const failure = await failureOf(store.renew(id, randomUUID(), idle)).catch(() => undefined);
      return String(failure).includes('cannot execute UPDATE in a read-only transaction');
    });
    await place.sql(`alter role ${role} reset default_transaction_read_only`);
    // After an error the next request has a new connection: it may lead to another server.
    expect(await store.renew(id, randomUUID(), idle)).toBe(true);
  });

  test('is closed with its store, and asks nothing any more', async () => {
    const { store } = await world.place.open();
    await store.watch();
    await store.close();
    await store.close();
    await expect(store.watch()).rejects.toThrow('got one that was closed');
  });
});

onPostgres('the answer to a commit', () => {
  test('TX-03 that is swallowed after the commit: the next claim has the cursor', async () => {
    const { place, proxy, proxied } = world;
    const clock = virtualClock();
    const { store } = await place.open({ url: proxied, leaseUrl: place.url }, 10_000, clock);
    const owner = await own(store, ['eur']);
    await place.sql(`create table ${place.schema}.effect (body text primary key)`);
    proxy.deafAfter = 'commit\0';
    const lost = store.transact(
      owner.id,
      step(only(owner), '1'),
      (tx) => tx.query(`insert into ${place.schema}.effect values ('a')`),
      never(),
    );
    const failure = failureOf(lost);
    await until(async () => (await place.cursor('eur')) === '1');
    await clock.advance(10_000);
    expect(await failure).toMatchObject({
      message: 'Expected an answer of Postgres to a commit within 10000 ms, got none',
    });
    expect(await store.claim(owner.id, [{ ...only(owner), deadFor: 0 }])).toMatchObject([
      { key: 'eur', cursor: '1' },
    ]);
    expect(await place.sql(`select body from ${place.schema}.effect`)).toEqual([{ body: 'a' }]);
  });

  test('TX-04 that was never asked for: the next claim has the cursor before, and the effect comes once', async () => {
    const { place, proxy, proxied } = world;
    const clock = virtualClock();
    const { store } = await place.open({ url: proxied, leaseUrl: place.url }, 2000, clock);
    const owner = await own(store, ['eur']);
    await place.sql(`create table ${place.schema}.effect (body text primary key)`);
    const insert = `insert into ${place.schema}.effect values ('a')`;
    const handled = gate();
    const lost = store.transact(
      owner.id,
      step(only(owner), '1'),
      async (tx) => {
        await tx.query(insert);
        proxy.swallow('both');
        handled.open();
      },
      never(),
    );
    const failure = failureOf(lost);
    await handled.opened;
    await clock.advance(2000);
    expect(await failure).toMatchObject({
      message: 'Expected an answer of Postgres to a commit within 2000 ms, got none',
    });
    const [claim = only(owner)] = await store.claim(owner.id, [{ ...only(owner), deadFor: 0 }]);
    expect(claim.cursor).toBe('');
    // It waits for the session that was lost until the server ends it.
    await store.transact(owner.id, step(claim, '1'), (tx) => tx.query(insert), never());
    expect(await place.cursor('eur')).toBe('1');
  });

  test('PGC-03 of a connection that is reset before it has begun fails as its handler does, and not the program', async () => {
    const { place, proxy, proxied } = world;
    const { store } = await place.open({ url: proxied, leaseUrl: place.url });
    const owner = await own(store, ['eur']);
    const reset = store.transact(
      owner.id,
      step(only(owner), '1'),
      (tx) => {
        proxy.swallow('both');
        const asked = tx.query('select 1');
        setImmediate(() => {
          proxy.cut();
        });
        return asked;
      },
      never(),
    );
    await expect(reset).rejects.toThrow(/ECONNRESET|terminated/);
    await store.transact(owner.id, step(only(owner), '1'), (tx) => tx.query('select 1'), never());
    expect(await place.cursor('eur')).toBe('1');
  });

  test('PGC-02 of a connection that the server ends fails the transaction, and the next has another', async () => {
    const { place } = world;
    const { store, errors } = await place.open();
    const owner = await own(store, ['eur']);
    const terminated = gate();
    const ended = store.transact(
      owner.id,
      step(only(owner), '1'),
      async (tx) => {
        await tx.query('select 1');
        await terminate('reprise');
        terminated.open();
        await tx.query('select 1');
      },
      never(),
    );
    await expect(ended).rejects.toThrow(/terminat/);
    // Or it would end the next connection, too.
    await terminated.opened;
    await store.transact(owner.id, step(only(owner), '1'), (tx) => tx.query('select 1'), never());
    expect(await place.cursor('eur')).toBe('1');
    // Idle in the pool: it is told, not thrown.
    await terminate('reprise');
    await until(async () => errors.length > 0);
    expect(errors).toEqual([expect.objectContaining({ code: '57P01' })]);
    expect(errors[0]).not.toHaveProperty('client');
  });
});

onPostgres('the pool', () => {
  test('PGC-13 whose connection swallows every byte fails the transaction that begins on it after T', async () => {
    const { place, proxy, proxied } = world;
    const clock = virtualClock();
    const { store } = await place.open({ url: proxied, leaseUrl: place.url }, 10_000, clock);
    const owner = await own(store, ['eur']);
    const asked = gate();
    proxy.swallow('both');
    const lost = store.transact(
      owner.id,
      step(only(owner), '1'),
      (tx) => {
        asked.open();
        return tx.query('select 1');
      },
      never(),
    );
    const failure = failureOf(lost);
    await asked.opened;
    await clock.advance(10_000);
    expect(await failure).toMatchObject({
      message: 'Expected an answer of Postgres within 10000 ms, got none',
    });
    await store.transact(owner.id, step(only(owner), '1'), (tx) => tx.query('select 1'), never());
    expect(await place.cursor('eur')).toBe('1');
  });
});

onPostgres('a slow server', () => {
  test('CFG-06 whose commits take more than a quarter of T is refused with the time that was measured', async () => {
    world.proxy.answersLateBy = 300;
    const start = world.place.open({ url: world.proxied }, 1000);
    await expect(start).rejects.toThrow(
      /ttl of at least four times the slowest of ten commits, \d+ ms, got 1000: choose \d{4} or more/,
    );
  });

  test('CFG-06 that was held up once is measured once more', async () => {
    const client = await world.place.client(world.proxied);
    world.proxy.answersLateBy = 500;
    const refusal = refusalOfTtl(client, 1000);
    await until(async () => {
      const done = await world.place.sql(
        `select from pg_stat_activity where datname = current_database()
          and query like '%pg_logical_emit_message(true%' and state = 'idle'`,
      );
      return done.length > 0;
    });
    world.proxy.answersLateBy = 0;
    expect(await refusal).toBeUndefined();
  });

  test('PGC-19 that holds a cursor up for an eighth of T is warned of, once, and only slower', async () => {
    const { place } = world;
    const { store, warnings } = await place.open({}, 60_000);
    const owner = await own(store, ['eur']);
    const { store: quick, warnings: early } = await place.open({}, 4000);
    const other = await place.client();
    await other.query('begin');
    await other.query(`lock table ${place.schema}.owners in access exclusive mode`);
    const saving = store.save(owner.id, [{ ...only(owner), cursor: '1' }]);
    const tooLate = [
      failureOf(quick.save(owner.id, [{ ...only(owner), cursor: '2' }])),
      failureOf(quick.save(owner.id, [{ ...only(owner), cursor: '3' }])),
    ];
    const failure = { message: 'Expected an answer of Postgres within 2000 ms, got none' };
    expect(await Promise.all(tooLate)).toMatchObject([failure, failure]);
    expect(early).toEqual([
      expect.stringMatching(/takes more than 500 ms to write cursors: .* open for long/),
    ]);
    expect(warnings).toEqual([]);
    await other.query('rollback');
    expect(await saving).toEqual(['eur']);
  });

  test('TX-16 whose table of effects is locked holds handlers back; leases are renewed meanwhile', async () => {
    const { place } = world;
    const { store } = await place.open({}, 60_000);
    const keys = Array.from({ length: 8 }, (_, index) => `stream-${index}`);
    const owner = await own(store, keys);
    await place.sql(`create table ${place.schema}.effect (body text primary key)`);
    const other = await place.client();
    await other.query('begin');
    await other.query(`lock table ${place.schema}.effect`);
    const handled = owner.claims.map((claim) =>
      store.transact(
        owner.id,
        step(claim, '1'),
        (tx) => tx.query(`insert into ${place.schema}.effect values ($1)`, [claim.key]),
        never(),
      ),
    );
    await until(async () => {
      const waiting = await place.sql(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      expect(await store.renew(owner.id, randomUUID(), idle)).toBe(true);
      return waiting.length === 4;
    });
    expect(await place.cursor('stream-0')).toBe('');
    await other.query('commit');
    await Promise.all(handled);
    expect(await place.sql(`select from ${place.schema}.effect`)).toHaveLength(8);
  });

  test('TX-15 gives 16 streams their turns in order: when one has had 30, each has had 20', async () => {
    const { place } = world;
    const { store } = await place.open();
    const keys = Array.from({ length: 16 }, (_, index) => `stream-${index}`);
    const owner = await own(store, keys);
    const counts = new Map<string, number>();
    let isOver = false;
    let least = 0;
    const running = owner.claims.map(async (claim) => {
      for (let count = 0; !isOver; count += 1) {
        const move = { ...claim, was: count === 0 ? '' : `${count}`, cursor: `${count + 1}` };
        await store.transact(owner.id, move, (tx) => tx.query('select 1'), never());
        counts.set(claim.key, count + 1);
        if (count + 1 === 30 && !isOver) {
          isOver = true;
          least = Math.min(...keys.map((key) => counts.get(key) ?? 0));
        }
      }
    });
    await Promise.all(running);
    expect(least).toBeGreaterThanOrEqual(20);
  });
});
