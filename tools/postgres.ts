// Finds the programs of Postgres, and PgBouncer, for the tests. As root on Debian, as in CI, it
// installs the missing ones. Elsewhere the tests are skipped with a banner; if `CI` is set, missing
// programs are an error.
import { existsSync, globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

import { complain, install } from './apt.ts';

const folders = [
  '/usr/lib/postgresql/*/bin',
  '/opt/homebrew/opt/postgresql@*/bin',
  '/usr/local/opt/postgresql@*/bin',
  '/usr/pgsql-*/bin',
];

/**
 * The folder of `initdb`, `postgres` and the others, of the newest version; `undefined`, with a
 * banner, if there is none. `POSTGRES_BIN` names another.
 * @throws Error if there is none and `CI` is set.
 */
export function postgresPrograms(): string | undefined {
  let found = findPostgres();
  if (found === undefined) {
    withoutServices(() => install('Postgres', 'postgresql'));
    found = findPostgres();
  }
  if (found === undefined) {
    complain('NO TEST OF POSTGRES WAS RUN: it is not here (install it, or set POSTGRES_BIN)');
  }
  return found;
}

/**
 * The path of PgBouncer; `undefined`, with a banner, if there is none.
 * @throws Error if there is none and `CI` is set.
 */
export function pgBouncerPath(): string | undefined {
  let found = findPgBouncer();
  if (found === undefined) {
    withoutServices(() => install('PgBouncer', 'pgbouncer'));
    found = findPgBouncer();
  }
  if (found === undefined) {
    complain('NO TEST OF PGBOUNCER WAS RUN: it is not here (install it, or set PGBOUNCER_PATH)');
  }
  return found;
}

function findPostgres(): string | undefined {
  const { POSTGRES_BIN: named = '' } = process.env;
  return named === ''
    ? folders
        .flatMap((pattern) => globSync(pattern))
        .toSorted((a, b) => versionIn(b) - versionIn(a))
        .find((folder) => existsSync(join(folder, 'initdb')))
    : named;
}

function versionIn(folder: string): number {
  return Number(/[-/@](\d+)\/bin$/.exec(folder)?.[1] ?? 0);
}

function findPgBouncer(): string | undefined {
  const { PGBOUNCER_PATH: named = '' } = process.env;
  const places = ['/usr/sbin/pgbouncer', '/opt/homebrew/bin/pgbouncer', '/usr/bin/pgbouncer'];
  return named === '' ? places.find((path) => existsSync(path)) : named;
}

const clusterSettings = '/etc/postgresql-common/createcluster.d/reprise-tests.conf';
const servicePolicy = '/usr/sbin/policy-rc.d';

/**
 * The packages would make a cluster of databases and start services. The tests start their own
 * servers, and leave the machine alone: while the packages are installed, Debian is told to do
 * neither.
 */
function withoutServices(work: () => void): void {
  const hasPolicy = existsSync(servicePolicy);
  mkdirSync(join(clusterSettings, '..'), { recursive: true });
  writeFileSync(clusterSettings, 'create_main_cluster = false\n');
  if (!hasPolicy) {
    writeFileSync(servicePolicy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  }
  try {
    work();
  } finally {
    rmSync(clusterSettings);
    if (!hasPolicy) {
      rmSync(servicePolicy);
    }
  }
}
