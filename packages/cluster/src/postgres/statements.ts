import { mostInView } from '../limits.ts';
import { advanceTypes, quoted } from './schema.ts';

/**
 * The statements of the port. None has a name and none changes its session, so that PgBouncer may
 * give each transaction another connection.
 */
export interface Statements {
  readonly join: string;
  readonly named: string;
  readonly forget: string;
  readonly renew: string;
  readonly watch: string;
  readonly bury: string;
  readonly view: string;
  readonly claim: string;
  readonly save: string;
  readonly saveFree: string;
  readonly declare: string;
  readonly list: string;
  readonly leave: string;
  readonly survey: string;
  readonly owner: string;
  readonly retry: string;
  readonly begin: string;
  readonly compare: string;
  readonly advance: string;
}

/** What the statements depend on. */
export interface StatementOptions {
  readonly schema: string;
  /** In ms. */
  readonly ttl: number;
  /** Whether the server can notice in the middle of a statement that its client has gone. */
  readonly watchesClients: boolean;
}

export function statementsFor(options: StatementOptions): Statements {
  const s = quoted(options.schema);
  return {
    ...forNodes(s),
    ...forOwners(s),
    ...forRows(s),
    ...forOperators(s),
    ...forTransactions(s, options),
  };
}

const node = `json_build_object('id', id, 'name', name, 'renewal', renewal, 'weight', weight,
  'owned', owned, 'draining', draining, 'list', list, 'busy', busy, 'ttl', info->'ttl', 'host', info->'host', 'pid', info->'pid')`;

/** In ms; `null` if it does not come by itself. */
const retryIn = `case when retry_at is not null
  then greatest(0, extract(epoch from retry_at - clock_timestamp()) * 1000) end`;

/** The last argument of a view is a list of keys, or `null` for all. */
const isListed = '($4::text[] is null or key = any($4))';

function forNodes(s: string) {
  return {
    /** Nothing, if a node that is not buried has the name, or if this id has joined already. */
    join: `insert into ${s}.nodes (id, name, renewal, weight, info)
values ($1, $2, $3, $4, $5) on conflict do nothing returning id`,
    named: `select ${node} as node from ${s}.nodes where name = $1 and buried_at is null`,
    /** The lives that ended long ago. Their streams, if any are left, keep their rows. */
    forget: `delete from ${s}.nodes n where buried_at < clock_timestamp() - interval '1 day'
and not exists (select from ${s}.owners where owner = n.id)`,
    renew: `update ${s}.nodes set renewal = $2, renewed_at = clock_timestamp(), owned = $3, draining = $4,
  list = $5, busy = $6
where id = $1 and buried_at is null returning id`,
    watch: `select ${node} as node from ${s}.nodes where buried_at is null`,
    /** It waits for a renewal that is under way (row lock), and then finds another value. */
    bury: `update ${s}.nodes n set buried_at = clock_timestamp(), died = true
from unnest($1::uuid[], $2::uuid[]) d(id, renewal)
where n.id = d.id and n.renewal = d.renewal and n.buried_at is null`,
    /** A node that leaves has not died, even if another one has buried it. */
    leave: `update ${s}.nodes
set buried_at = coalesce(buried_at, clock_timestamp()), died = false, owned = 0 where id = $1`,
  };
}

function forOwners(s: string) {
  return {
    /** One statement, so one snapshot. Two index scans find free streams; no table is scanned. */
    view: `select extract(epoch from pg_postmaster_start_time())::text as instance,
(select json_agg(${node}) from ${s}.nodes where buried_at is null) as nodes,
(select case when held.count = $2::int and held.epochs = $3::bigint then null else coalesce(
  (select json_agg(json_build_object('key', key, 'epoch', epoch)) from ${s}.owners where owner = $1),
  '[]') end
 from (select count(*), coalesce(sum(epoch) % 4294967296, 0) as epochs
   from ${s}.owners where owner = $1) held) as mine,
(select json_agg(json_build_object('key', key, 'epoch', epoch, 'strikes', strikes, 'deadFor', dead))
 from (select key, epoch, strikes, 0 as dead from ${s}.owners
   where owner is null and (parked is null or retry_at <= clock_timestamp()) and ${isListed}
   union all
   select o.key, o.epoch, o.strikes + n.died::int,
     greatest(1, extract(epoch from clock_timestamp() - n.buried_at) * 1000)
   from ${s}.nodes n join ${s}.owners o on o.owner = n.id
   where n.buried_at is not null and ${isListed} limit ${mostInView}) f) as free,
(select json_agg(json_build_object('key', key, 'strikes', strikes, 'reason', parked,
   'retryIn', ${retryIn})) from (select * from ${s}.owners
   where parked is not null and ${isListed} limit ${mostInView}) p) as parked`,
    /** In the order of the keys and past locked rows: two plain updates would deadlock. */
    claim: `with want as (select * from unnest($2::text[], $3::bigint[]) w(key, epoch)),
locked as (select o.key, coalesce(n.died, false) as died
  from ${s}.owners o join want w on o.key = w.key and o.epoch = w.epoch
  left join ${s}.nodes n on n.id = o.owner
  order by o.key for update of o skip locked)
update ${s}.owners o set owner = $1, strikes = o.strikes + l.died::int,
  parked = null, retry_at = null,
  epoch = greatest(o.epoch + 1, floor(extract(epoch from clock_timestamp()) * 1000)::bigint)
from locked l
where o.key = l.key and exists (select from ${s}.nodes where id = $1 and buried_at is null)
returning o.key, o.epoch::float8, o.cursor, o.recent, o.strikes`,
  };
}

/** The rows of a save, and which of them are still right. */
const savedRows = `unnest($2::text[], $3::bigint[], $4::text[], $5::text[], $6::boolean[],
  $7::smallint[], $8::text[], $9::float8[])
  v(key, epoch, cursor, recent, free, strikes, reason, retry_in)`;
const isSaved = '(o.key = v.key and o.epoch = v.epoch and o.owner = $1)';

function forRows(s: string) {
  const saved = `update ${s}.owners o set cursor = coalesce(v.cursor, o.cursor),
  recent = coalesce(v.recent, o.recent), owner = case when v.free then null else o.owner end,
  strikes = coalesce(v.strikes, o.strikes), parked = coalesce(v.reason, o.parked),
  retry_at = case when v.reason is null then o.retry_at
    else clock_timestamp() + v.retry_in * interval '1 millisecond' end`;
  return {
    save: `${saved} from ${savedRows} where ${isSaved} returning o.key`,
    /** Past the rows that others have locked; the answer says which those are. */
    saveFree: `with locked as (select o.key from ${s}.owners o join ${savedRows} on ${isSaved}
  order by o.key for update of o skip locked),
saved as (${saved} from locked l join ${savedRows} using (key)
  where o.key = l.key and ${isSaved} returning o.key)
select o.key, w.key is not null as "isSaved"
from ${savedRows} join ${s}.owners o on ${isSaved} left join saved w on w.key = o.key`,
    /**
     * A version of a row is known by the transaction that made it and by its place: each change
     * makes another one. The rows themselves are read only if there is one.
     */
    list: `with table_now as (select count(*) || ' ' ||
  coalesce(sum(hashtextextended(xmin::text || ctid::text, 0)::numeric), 0) as version from ${s}.streams)
select version, case when version = $1::text then null else (
  select json_agg(json_build_object('key', key, 'spec', spec) order by key) from ${s}.streams
) end as rows from table_now`,
    /**
     * It locks no row that stays as it is, and passes those by that others have locked: the answer
     * is how many. New rows come in the order of the keys, since two nodes declare the same list at
     * the same time. An insert waits for others who change a row that is there, whatever it does on
     * a conflict: so it gets no such row.
     */
    declare: `with due as (
  select distinct on (key) key, l.spec, o.key is null as is_new
  from unnest($1::text[], $2::text[]) l(key, spec) left join ${s}.owners o using (key)
  where o.key is null or o.spec <> l.spec order by key),
made as (insert into ${s}.owners (key, spec)
  select key, spec from due where is_new order by key on conflict do nothing returning key),
locked as (select o.key, d.spec from ${s}.owners o join due d using (key)
  where o.spec <> d.spec order by o.key for update of o skip locked),
changed as (update ${s}.owners o set spec = l.spec, parked = null, retry_at = null
  from locked l where o.key = l.key returning o.key)
select (select count(*) from due) - (select count(*) from made) - (select count(*) from changed)
  > 0 as passed`,
  };
}

function forOperators(s: string) {
  return {
    owner: `select n.name from ${s}.owners o join ${s}.nodes n on n.id = o.owner
where o.key = $1 and n.buried_at is null`,
    retry: `update ${s}.owners set parked = null, retry_at = null where key = $1 returning key`,
    /** An owner that is buried is none, and its death is a strike. */
    survey: `with shown as (
  select o.key, case when n.buried_at is null then n.name end as owner, o.epoch, o.cursor,
    o.strikes + coalesce(n.died, false)::int as strikes, o.parked, o.retry_at
  from ${s}.owners o left join ${s}.nodes n on n.id = o.owner)
select (select json_agg(${node}::jsonb || jsonb_build_object('sinceRenewal', greatest(0,
  floor(extract(epoch from clock_timestamp() - renewed_at) * 1000))))
 from ${s}.nodes where buried_at is null) as nodes,
(select json_build_object('total', count(*),
  'free', count(*) filter (where owner is null and parked is null),
  'suspects', count(*) filter (where strikes > 0 and parked is null),
  'parked', count(*) filter (where parked is not null)) from shown) as streams,
(select json_agg(json_build_object('key', key, 'owner', owner, 'epoch', epoch, 'cursor', cursor,
  'strikes', strikes, 'parked', parked, 'retryIn', ${retryIn}))
 from (select * from shown order by parked is null, strikes = 0, key collate "C" limit $1) r) as rows`,
  };
}

function forTransactions(s: string, { ttl, watchesClients }: StatementOptions) {
  // A statement of a handler that was given up would go on, and keep its locks, to its end.
  const check = `set local client_connection_check_interval = ${Math.ceil(ttl / 8)};`;
  return {
    /** The timeout frees the rows that a handler has locked whose process was stopped. */
    begin: `begin isolation level read committed;
set local idle_in_transaction_session_timeout = ${Math.ceil(ttl)};
${watchesClients ? check : ''}
select pg_current_xact_id()::text as xact`,
    compare: `select o.key from ${s}.owners o
join unnest($2::text[], $3::bigint[], $4::text[]) c(key, epoch, cursor) on c.key = o.key
where o.owner = $1 and o.epoch = c.epoch and o.cursor <> c.cursor`,
    advance: `select ${s}.advance(${advanceTypes
      .split(', ')
      .map((type, index) =>
        type === 'xid8' ? `$${index + 1}::text::xid8` : `$${index + 1}::${type}`,
      )
      .join(', ')})`,
  };
}
