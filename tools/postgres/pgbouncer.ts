import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { pgBouncerPath } from '../postgres.ts';
import { makeFolder, own, spawnAsUser } from './as-user.ts';
import { end, freePort, type PostgresServer, type Settings } from './server.ts';

/** PgBouncer before a server, in transaction mode. */
export interface PgBouncer {
  readonly url: (database?: string, role?: string) => string;
  /** Of its console: `pause`, `resume`, `show pools`. */
  readonly adminUrl: string;
  readonly log: () => string;
  /** Kills it, and starts it again at the same port. */
  readonly restart: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Starts PgBouncer before a server, as a user other than root. */
export async function startPgBouncer(
  server: Pick<PostgresServer, 'port'>,
  settings: Settings = {},
): Promise<PgBouncer> {
  const program = pgBouncerPath();
  if (program === undefined) {
    throw new Error('Expected PgBouncer, got none');
  }
  const folder = makeFolder('pgbouncer');
  const port = await freePort();
  const file = fileIn(folder);
  writeFileSync(file, configuration(server.port, { ...settings, listen_port: port }));
  own(file);
  const read = () => readFileSync(join(folder, 'log'), 'utf8');
  let child = await run(program, folder);
  const url = (database = 'postgres', role = 'postgres') =>
    `postgres://${role}@127.0.0.1:${port}/${database}`;
  return {
    url,
    adminUrl: url('pgbouncer'),
    log: read,
    restart: async () => {
      await end(child, 'SIGKILL');
      child = await run(program, folder);
    },
    close: async () => {
      await end(child, 'SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Resolves once it takes connections. */
async function run(program: string, folder: string): Promise<ChildProcess> {
  const path = join(folder, 'log');
  rmSync(path, { force: true });
  const log = openSync(path, 'a');
  const child = spawnAsUser(program, [fileIn(folder)], { folder, log });
  closeSync(log);
  while (!/process up/.test(readFileSync(path, 'utf8'))) {
    if (child.exitCode !== null) {
      throw new Error(`Expected PgBouncer to start, got:\n${readFileSync(path, 'utf8')}`);
    }
    await delay(5);
  }
  return child;
}

function fileIn(folder: string): string {
  return join(folder, 'pgbouncer.ini');
}

function configuration(serverPort: number, settings: Settings): string {
  const all: Settings = {
    listen_addr: '127.0.0.1',
    unix_socket_dir: '',
    // Every user is let in as the one that the URL names.
    auth_type: 'any',
    admin_users: 'postgres',
    pool_mode: 'transaction',
    max_client_conn: 1000,
    ...settings,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}`);
  const target = `* = host=127.0.0.1 port=${serverPort} user=postgres`;
  return `[databases]\n${target}\n[pgbouncer]\n${lines.join('\n')}\n`;
}
