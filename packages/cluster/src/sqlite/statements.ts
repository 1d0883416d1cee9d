import type { DatabaseSync } from 'node:sqlite';

import { mostInView } from '../limits.ts';
import type { Held, OwnedStream, Survey } from '../store.ts';
import type {
  ClaimRecord,
  FreeRecord,
  NodeRecord,
  ParkedRecord,
  StreamRecord,
  SurveyedRecord,
  TableRecord,
} from './records.ts';
import { Statement } from './statement.ts';

/** All statements of the port, prepared. */
export interface Statements {
  readonly version: Statement<{ readonly version: string }>;
  readonly node: Statement<NodeRecord>;
  readonly nodes: Statement<NodeRecord>;
  readonly surveyed: Statement<SurveyedRecord>;
  readonly join: Statement;
  readonly sweep: Statement;
  readonly renew: Statement;
  readonly bury: Statement;
  readonly held: Statement<Held>;
  readonly mine: Statement<OwnedStream>;
  readonly free: Statement<FreeRecord>;
  readonly freeListed: Statement<FreeRecord>;
  readonly parked: Statement<ParkedRecord>;
  readonly parkedListed: Statement<ParkedRecord>;
  readonly claim: Statement<ClaimRecord>;
  readonly save: Statement<{ readonly key: string }>;
  readonly compare: Statement<{ readonly key: string }>;
  readonly advance: Statement;
  readonly declare: Statement;
  readonly listVersion: Statement<Pick<TableRecord, 'version'>>;
  readonly list: Statement<TableRecord>;
  readonly release: Statement;
  readonly leave: Statement;
  readonly counts: Statement<Survey['streams']>;
  readonly streams: Statement<StreamRecord>;
  readonly owner: Statement<{ readonly name: string }>;
  readonly retry: Statement;
}

/** @throws Error if a table has other columns: it belongs to another program. */
export function prepareAll(connection: DatabaseSync, path: string): Statements {
  const prepare = <Row>(text: string): Statement<Row> => new Statement(path, connection, text);
  return {
    version: prepare(sql.version),
    node: prepare(sql.node),
    nodes: prepare(sql.nodes),
    surveyed: prepare(sql.surveyed),
    join: prepare(sql.join),
    sweep: prepare(sql.sweep),
    renew: prepare(sql.renew),
    bury: prepare(sql.bury),
    held: prepare(sql.held),
    mine: prepare(sql.mine),
    free: prepare(sql.free),
    freeListed: prepare(sql.freeListed),
    parked: prepare(sql.parked),
    parkedListed: prepare(sql.parkedListed),
    claim: prepare(sql.claim),
    save: prepare(sql.save),
    compare: prepare(sql.compare),
    advance: prepare(sql.advance),
    declare: prepare(sql.declare),
    listVersion: prepare(sql.listVersion),
    list: prepare(sql.list),
    release: prepare(sql.release),
    leave: prepare(sql.leave),
    counts: prepare(sql.counts),
    streams: prepare(sql.streams),
    owner: prepare(sql.owner),
    retry: prepare(sql.retry),
  };
}

const nodeColumns = 'id, name, renewal, weight, ttl, host, pid, owned, draining, list, busy';

/** An owner that is buried is none, and its death is a strike. */
const shownStreams = `
    select key, iif(buried_at is null, name, null) as owner, epoch, cursor,
      strikes + (buried_at is not null) as strikes, parked, retry_at
    from reprise_owners left join reprise_nodes on id = owner`;

/** Not only its rows may change: the table may be dropped, and made anew without its triggers. */
const listVersion =
  "version || '.' || (select schema_version from pragma_schema_version) as version";
const listTriggers = `(
      select count(*) from sqlite_schema
      where type = 'trigger' and tbl_name = 'reprise_streams' and name glob 'reprise_streams_*'
    ) as triggers`;

/** The second argument is a list of keys. */
const listedKeys = 'and key in (select value from json_each(?2))';

/** The owners that are dead, and nobody, each by the index. */
function freeAmong(condition: string): string {
  return `
    select key, epoch, strikes, null as buriedAt from reprise_owners
    where owner is null and (parked is null or retry_at <= ?1) ${condition}
    union all
    select key, epoch, strikes + 1, buried_at
    from reprise_nodes cross join reprise_owners on owner = id
    where buried_at is not null ${condition}
    limit ${mostInView}`;
}

function parkedAmong(condition: string): string {
  return `
    select key, strikes, parked as reason, max(0, retry_at - ?1) as retryIn
    from reprise_owners where parked is not null ${condition} limit ${mostInView}`;
}

/** Lists are arguments in JSON: one statement has any number of rows. */
const sql = {
  version: 'select sqlite_version() as version',
  node: `select ${nodeColumns} from reprise_nodes where name = ? and buried_at is null`,
  nodes: `select ${nodeColumns} from reprise_nodes where buried_at is null`,
  surveyed: `
    select ${nodeColumns}, max(0, ? - renewed_at) as sinceRenewal
    from reprise_nodes where buried_at is null`,
  join: `
    insert into reprise_nodes (id, name, renewal, weight, ttl, host, pid, renewed_at)
    values (?, ?, ?, ?, ?, ?, ?, ?)
    on conflict (id) do update set renewal = excluded.renewal, renewed_at = excluded.renewed_at
    where buried_at is null`,
  /** The rows of nodes that own nothing any more, and were buried before this time. */
  sweep: `
    delete from reprise_nodes where buried_at < ?
    and not exists (select 1 from reprise_owners where owner = reprise_nodes.id)`,
  renew: `
    update reprise_nodes set renewal = ?, renewed_at = ?, owned = ?, draining = ?, list = ?, busy = ?
    where id = ? and buried_at is null`,
  bury: `
    update reprise_nodes set buried_at = ?1
    where (id, renewal) in (select value ->> 'id', value ->> 'renewal' from json_each(?2))
    and buried_at is null`,
  held: `
    select count(*) as count, coalesce(sum(epoch % 4294967296) % 4294967296, 0) as epochs
    from reprise_owners where owner = ?`,
  mine: 'select key, epoch from reprise_owners where owner = ?',
  free: freeAmong(''),
  freeListed: freeAmong(listedKeys),
  parked: parkedAmong(''),
  parkedListed: parkedAmong(listedKeys),
  /** A node that has left has no row: only one that was buried makes a strike. */
  claim: `
    update reprise_owners set owner = ?1, epoch = max(epoch + 1, ?2), parked = null, retry_at = null,
      strikes = strikes + exists (
        select 1 from reprise_nodes where id = reprise_owners.owner and buried_at is not null)
    where exists (select 1 from reprise_nodes where id = ?1 and buried_at is null)
    and (key, epoch) in (select value ->> 'key', value ->> 'epoch' from json_each(?3))
    returning key, epoch, cursor, recent, strikes`,
  /** `+` keeps the planner off the index of owners: by that, each listed row costs all rows. */
  save: `
    update reprise_owners set
      cursor = coalesce(row.cursor, reprise_owners.cursor),
      recent = coalesce(row.recent, reprise_owners.recent),
      owner = iif(outcome is null, owner, null),
      strikes = coalesce(row.strikes, reprise_owners.strikes),
      parked = coalesce(row.reason, parked),
      retry_at = iif(reason is null, retry_at, ?3 + retry_in)
    from (
      select value ->> 'key' as key, value ->> 'epoch' as epoch, value ->> 'cursor' as cursor,
        value ->> 'recent' as recent, value ->> 'outcome' as outcome,
        value ->> 'strikes' as strikes, value ->> '$.parked.reason' as reason,
        value ->> '$.parked.retryIn' as retry_in
      from json_each(?2)
    ) as row
    where reprise_owners.key = row.key and reprise_owners.epoch = row.epoch and +owner = ?1
    returning key`,
  compare: `
    select key from reprise_owners
    join (
      select value ->> 'key' as key, value ->> 'epoch' as epoch, value ->> 'cursor' as cursor
      from json_each(?2)
    ) as row using (key, epoch)
    where +owner = ?1 and reprise_owners.cursor <> row.cursor`,
  advance: `
    update reprise_owners set cursor = ? where key = ? and owner = ? and epoch = ? and cursor = ?`,
  declare: `
    insert into reprise_owners (key, spec)
    select value ->> 'key', value ->> 'spec' from json_each(?) where true
    on conflict do update set spec = excluded.spec, parked = null, retry_at = null
    where spec <> excluded.spec`,
  listVersion: `select ${listVersion} from reprise_list`,
  /** One statement, so one state of the file. */
  list: `
    select ${listVersion}, ${listTriggers}, (
      select json_group_array(json_object('key', key, 'spec', json(spec))) from reprise_streams
    ) as rows from reprise_list`,
  release: 'update reprise_owners set owner = null where owner = ?',
  leave: 'delete from reprise_nodes where id = ?',
  counts: `
    select count(*) as total,
      count(*) filter (where owner is null and parked is null) as free,
      count(*) filter (where strikes > 0 and parked is null) as suspects,
      count(*) filter (where parked is not null) as parked
    from (${shownStreams})`,
  streams: `
    select key, owner, epoch, cursor, strikes, parked, max(0, retry_at - ?) as retryIn
    from (${shownStreams}) order by parked is null, strikes = 0, key limit ?`,
  owner: `
    select name from reprise_owners join reprise_nodes on id = owner
    where key = ? and buried_at is null`,
  retry: 'update reprise_owners set parked = null, retry_at = null where key = ?',
};
