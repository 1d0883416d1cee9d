import type { DatabaseSync } from 'node:sqlite';

import { Statement } from './statement.ts';

/**
 * The version of the tables. A later program may add to them, and keeps `compatible` at the version
 * of the oldest program that can still use them.
 */
const version = 2;

/** The oldest version that can use these tables. */
const compatible = 1;

/**
 * The names have a prefix, since the tables of the effects are in the same file. `renewed_at` is
 * for people only. `reprise_streams` is written by anybody: the triggers count its changes, so that
 * a node finds out at once that there is none.
 */
const first = `
create table reprise_meta (
  version integer not null,
  compatible integer not null
) strict;
create table reprise_nodes (
  id text primary key,
  name text not null,
  renewal text not null,
  weight real not null,
  ttl real not null,
  host text not null,
  pid integer not null,
  owned integer not null default 0,
  draining integer not null default 0,
  renewed_at integer not null,
  buried_at integer
) strict;
create unique index reprise_nodes_name on reprise_nodes (name)
  where buried_at is null;
create table reprise_owners (
  key text primary key,
  owner text,
  epoch integer not null default 0,
  cursor text not null default '',
  recent text,
  strikes integer not null default 0
) strict;
create index reprise_owners_owner on reprise_owners (owner);
create table reprise_streams (
  key text primary key check (octet_length(key) <= 1024),
  spec text not null default '{}' check (json_valid(spec))
) strict;
create table reprise_list (version integer not null) strict;
insert into reprise_list values (0);
create trigger reprise_streams_inserted after insert on reprise_streams begin
  update reprise_list set version = version + 1;
end;
create trigger reprise_streams_updated after update on reprise_streams begin
  update reprise_list set version = version + 1;
end;
create trigger reprise_streams_deleted after delete on reprise_streams begin
  update reprise_list set version = version + 1;
end;
`;

/** What version n + 1 adds to version n. */
const steps: readonly string[] = [
  first,
  `
alter table reprise_nodes add column list text not null default '';
alter table reprise_nodes add column busy real not null default 0;
alter table reprise_owners add column spec text not null default '';
alter table reprise_owners add column retry_at integer;
alter table reprise_owners add column parked text;
create index reprise_owners_parked on reprise_owners (key) where parked is not null;
`,
];

/**
 * All that makes the tables in a file without them, as the first start does.
 * @example
 * ```ts
 * import { sqliteSql } from '@reprise/cluster/sqlite';
 *
 * console.log(sqliteSql().includes('create table reprise_streams')); // true
 * ```
 */
export function sqliteSql(): string {
  const versions = `insert into reprise_meta values (${version}, ${compatible});\n`;
  return [...steps, versions].join('').trimStart();
}

/** The row of the table `reprise_meta`. */
interface Meta {
  readonly version: number;
  readonly compatible: number;
}

/**
 * Makes the tables in a file without them, or brings them to the version of this release. It has to
 * run in a transaction.
 * @throws Error if a later program has made tables that this one cannot use.
 */
export function createTables(connection: DatabaseSync, path: string): void {
  const found = readMeta(connection, path);
  if (found === undefined) {
    connection.exec(sqliteSql());
  } else {
    assertCompatible(found, path);
    migrate(connection, found.version);
  }
}

/**
 * Checks tables that are there, and changes nothing.
 * @throws Error if they are those of a release with which this one cannot use them.
 */
export function checkTables(connection: DatabaseSync, path: string): void {
  const found = readMeta(connection, path);
  if (found !== undefined) {
    assertCompatible(found, path);
    if (found.version < version) {
      throw new Error(
        `Expected tables of version ${version} in ${path}, got version ${found.version}: a node of this release that starts brings them up to date`,
      );
    }
  }
}

function assertCompatible(found: Meta, path: string): void {
  if (found.compatible > version) {
    throw new Error(
      `Expected tables of version ${version} in ${path}, got version ${found.version}: a later release of @reprise/cluster has made them`,
    );
  }
}

/** `undefined` if the file has no tables. */
function readMeta(connection: DatabaseSync, path: string): Meta | undefined {
  const isThere = "select 1 from sqlite_schema where name = 'reprise_meta'";
  return new Statement(path, connection, isThere).get() === undefined
    ? undefined
    : new Statement<Meta>(path, connection, 'select version, compatible from reprise_meta').get();
}

/** It writes in any case: that shows whether the file can be written. */
function migrate(connection: DatabaseSync, from: number): void {
  for (const step of steps.slice(from)) {
    connection.exec(step);
  }
  connection.exec(`update reprise_meta set version = max(version, ${version})`);
}
