import { assertKnownKeys, type KeysOf } from '@reprise/actor/options';
import { describe } from '@reprise/actor/text';
import { escapeIdentifier } from 'pg';

/** The version of the tables that this release makes. */
export const version = 2;

/** The statements that make version n + 1 of the tables out of version n. */
export const steps: readonly ((schema: string) => string)[] = [first, second];

/** The names of the tables, without their schema. */
export const tables = ['meta', 'nodes', 'streams', 'owners'] as const;

/** The types of the arguments of the function that is the fence of a transaction. */
export const advanceTypes = 'text, uuid, bigint, text, text, xid8';

/**
 * The statements that make the tables in a database without them, as `migrate: 'auto'` does, and
 * the grants for a role that uses them.
 * @throws TypeError for a wrong option
 * @example
 * ```ts
 * import { postgresSql } from '@reprise/cluster/postgres';
 *
 * const sql = postgresSql({ role: 'app' });
 * console.log(sql.includes('grant usage on schema reprise to app;')); // true
 * ```
 */
export function postgresSql(options: SqlOptions = {}): string {
  assertKnownKeys('postgresSql', options, keysOfSql);
  const { schema = 'reprise', role } = options;
  assertName('schema', schema);
  if (role !== undefined) {
    assertName('role', role);
  }
  const made = [`create schema ${quoted(schema)};`, ...steps.map((step) => step(schema))];
  return [...made, ...(role === undefined ? [] : grants(schema, role))].join('\n');
}

/** What `postgresSql` writes the statements for. */
export interface SqlOptions {
  /** Default: `reprise`. */
  readonly schema?: string;
  /** The role that the program connects as. Default: no grants are written. */
  readonly role?: string;
}

const keysOfSql: KeysOf<SqlOptions> = { schema: true, role: true };

function assertName(option: 'schema' | 'role', name: unknown): asserts name is string {
  if (!isName(name)) {
    throw new TypeError(
      `Expected the option \`${option}\` of postgresSql to be a name of 1 to 63 bytes, got ${describe(name)}`,
    );
  }
}

/** Longer ones Postgres cuts off in silence. */
export function isName(name: unknown): name is string {
  return typeof name === 'string' && name !== '' && Buffer.byteLength(name) <= 63;
}

function grants(schema: string, role: string): readonly string[] {
  return [
    `${grant.usage(schema, role)};`,
    `grant select, insert, update, delete on all tables in schema ${quoted(schema)} to ${quoted(role)};`,
    `${grant.execute(schema, role)};`,
  ];
}

/** The statements that give single privileges. */
export const grant = {
  usage: (schema: string, role: string): string =>
    `grant usage on schema ${quoted(schema)} to ${quoted(role)}`,
  table: (schema: string, role: string, table: string, privilege: string): string =>
    `grant ${privilege} on ${quoted(schema)}.${table} to ${quoted(role)}`,
  execute: (schema: string, role: string): string =>
    `grant execute on function ${quoted(schema)}.advance to ${quoted(role)}`,
};

/** A name as SQL reads it: in quotes only where it has to be. */
export function quoted(name: string): string {
  const isPlain = /^[a-z_][a-z0-9_]*$/.test(name) && !keywords.has(name);
  return isPlain ? name : escapeIdentifier(name);
}

/**
 * Words that are no names without quotes: those that `pg_get_keywords` calls reserved, of Postgres
 * 14 to 18.
 */
const keywords: ReadonlySet<string> = new Set(
  `all analyse analyze and any array as asc asymmetric authorization binary both case cast check
   collate collation column concurrently constraint create cross current_catalog current_date
   current_role current_schema current_time current_timestamp current_user default deferrable desc
   distinct do else end except false fetch for foreign freeze from full grant group having ilike in
   initially inner intersect into is isnull join lateral leading left like limit localtime
   localtimestamp natural not notnull null offset on only or order outer overlaps placing primary
   references returning right select session_user similar some symmetric system_user table
   tablesample then to trailing true union unique user using variadic verbose when where window
   with`.split(/\s+/),
);

/**
 * `owners` is narrow, and has free space in its pages: a cursor is written again and again, in
 * place. `streams` is written by the user.
 */
function first(schema: string): string {
  const s = quoted(schema);
  return `create table ${s}.meta (version int not null, compatible int not null);
insert into ${s}.meta values (1, 1);
create table ${s}.nodes (
  id uuid primary key,
  name text not null,
  renewal uuid not null,
  renewed_at timestamptz not null default clock_timestamp(),
  buried_at timestamptz,
  draining boolean not null default false,
  weight real not null default 1,
  owned int not null default 0,
  info jsonb not null default '{}'
) with (fillfactor = 50);
create unique index on ${s}.nodes (name) where buried_at is null;
create table ${s}.streams (
  key text primary key check (octet_length(key) <= 1024),
  spec jsonb not null default '{}'
);
create table ${s}.owners (
  key text primary key,
  owner uuid,
  epoch bigint not null default 0,
  cursor text not null default '',
  recent text,
  strikes smallint not null default 0,
  retry_at timestamptz,
  parked text
) with (fillfactor = 50);
create index on ${s}.owners (owner);
create function ${s}.advance(_key text, _owner uuid, _epoch bigint, _was text, _cursor text, _xact xid8)
returns void language plpgsql as $$ begin
  if pg_current_xact_id() <> _xact then
    raise exception 'the handler has ended its transaction' using errcode = 'RP002';
  end if;
  update ${s}.owners set cursor = _cursor
   where key = _key and owner = _owner and epoch = _epoch and cursor = _was;
  if not found then
    raise exception 'not the owner any more, or not where it left the cursor' using errcode = 'RP001';
  end if;
end $$;`;
}

/** `died`: buried by another node. One that has left in good order is buried, too. */
function second(schema: string): string {
  const s = quoted(schema);
  return `alter table ${s}.nodes add column list text not null default '',
  add column busy real not null default 0, add column died boolean not null default false;
alter table ${s}.owners add column spec text not null default '';
create index on ${s}.owners (key) where parked is not null;
update ${s}.meta set version = 2;`;
}
