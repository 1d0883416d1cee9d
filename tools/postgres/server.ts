import { type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { postgresPrograms } from '../postgres.ts';
import { type Environment, makeFolder, runAsUser, spawnAsUser } from './as-user.ts';

/** Settings of a server, such as `max_connections`. */
export type Settings = Readonly<Record<string, string | number>>;

export interface StartOptions {
  readonly settings?: Settings;
  /** Added to the environment of the server. */
  readonly env?: Environment;
}

/** The ways to end a server: in order, without a checkpoint, or as a crash. */
export type StopSignal = 'SIGINT' | 'SIGQUIT' | 'SIGKILL';

/** For many connections on a small machine. `fsync` is on, as in production. */
const defaults: Settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: 200,
  shared_buffers: '64MB',
  log_line_prefix: '%m [%p] %q%u@%d ',
};

/**
 * Starts a private server of Postgres in a folder of its own, as a user other than root. It ends
 * with this process at the latest. Its databases are open to every user of this machine as
 * `postgres`; the role `guarded`, if it is made, needs its password.
 */
export async function startPostgres(options: StartOptions = {}): Promise<PostgresServer> {
  const programs = postgresPrograms();
  if (programs === undefined) {
    throw new Error('Expected the programs of Postgres, got none');
  }
  const folder = makeFolder('postgres');
  const data = join(folder, 'data');
  const args = ['-A', 'trust', '-U', 'postgres', '-N', '--no-locale', '-E', 'UTF8', '-D', data];
  runAsUser(join(programs, 'initdb'), args);
  const rules = readFileSync(join(data, 'pg_hba.conf'), 'utf8');
  const guarded = 'host all guarded 127.0.0.1/32 scram-sha-256\n';
  rmSync(join(data, 'pg_hba.conf'));
  appendFileSync(join(data, 'pg_hba.conf'), guarded + rules, { mode: 0o644 });
  const server = new PostgresServer({ programs, folder, port: await freePort(), ...options });
  await server.start();
  return server;
}

/** A server with its data, that can be ended and started again. */
export class PostgresServer {
  readonly #programs: string;
  readonly #folder: string;
  readonly #settings: Settings;
  readonly #env: Environment;
  #port: number;
  #child: ChildProcess | undefined;

  constructor({
    programs,
    folder,
    port,
    settings = {},
    env = {},
  }: StartOptions & {
    readonly programs: string;
    readonly folder: string;
    readonly port: number;
  }) {
    this.#programs = programs;
    this.#folder = folder;
    this.#port = port;
    this.#settings = { ...defaults, ...settings };
    this.#env = env;
  }

  get port(): number {
    return this.#port;
  }

  /** The process id of the postmaster: for `SIGSTOP`, say. */
  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) {
      throw new Error('Expected a server that runs, got one that was stopped');
    }
    return pid;
  }

  url(database = 'postgres', role = 'postgres'): string {
    return `postgres://${role}@127.0.0.1:${this.#port}/${database}`;
  }

  /** Starts it again, at the same port unless another is given, and waits until it answers. */
  async start({ port = this.#port }: { readonly port?: number } = {}): Promise<void> {
    this.#port = port;
    const deadline = performance.now() + 60_000;
    // After a kill its last backends may still hold the shared memory for a moment.
    while (!(await this.#tryStart())) {
      if (performance.now() > deadline) {
        throw new Error(`Expected Postgres to start, got:\n${this.log()}`);
      }
      await delay(50);
    }
  }

  /** Ends it, and waits for that. */
  async stop(signal: StopSignal = 'SIGINT'): Promise<void> {
    const child = this.#child;
    if (child !== undefined) {
      this.#child = undefined;
      await end(child, signal);
    }
  }

  /** Ends it, and removes its data. */
  async close(): Promise<void> {
    // No test uses its connections any more: nothing is waited for.
    await this.stop('SIGQUIT');
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** The text of its log. */
  log(): string {
    return readFileSync(join(this.#folder, 'log'), 'utf8');
  }

  /** A standby of this server, at a port of its own, that follows it. */
  async standby(options: StartOptions = {}): Promise<PostgresServer> {
    const folder = makeFolder('standby');
    const from = ['-h', '127.0.0.1', '-p', String(this.#port), '-U', 'postgres'];
    const args = ['-R', '-X', 'stream', '-c', 'fast', '-N', '-D', join(folder, 'data'), ...from];
    runAsUser(join(this.#programs, 'pg_basebackup'), args);
    const port = await freePort();
    const settings = { ...this.#settings, ...options.settings };
    const server = new PostgresServer({ programs: this.#programs, folder, port, settings });
    await server.start();
    return server;
  }

  /** Makes a standby a server that takes writes. */
  promote(): void {
    runAsUser(join(this.#programs, 'pg_ctl'), ['promote', '-w', '-D', this.#data]);
  }

  /** Reads its settings again, after a change of its files. */
  reload(): void {
    process.kill(this.pid, 'SIGHUP');
  }

  get #data(): string {
    return join(this.#folder, 'data');
  }

  async #tryStart(): Promise<boolean> {
    const settings = { ...this.#settings, port: this.#port };
    const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const log = openSync(join(this.#folder, 'log'), 'a');
    const child = spawnAsUser(join(this.#programs, 'postgres'), ['-D', this.#data, ...args], {
      folder: this.#folder,
      log,
      env: this.#env,
    });
    closeSync(log);
    this.#child = child;
    while (child.exitCode === null && child.signalCode === null) {
      if (this.#isReady(child)) {
        return true;
      }
      await delay(5);
    }
    return false;
  }

  /** As `pg_ctl` finds out: the last line of the lock file has the state, the first the process. */
  #isReady(child: ChildProcess): boolean {
    try {
      const lines = readFileSync(join(this.#data, 'postmaster.pid'), 'utf8').split('\n');
      const state = lines[7]?.trim();
      return Number(lines[0]) === child.pid && (state === 'ready' || state === 'standby');
    } catch {
      return false;
    }
  }
}

/** Ends a child process, and waits for that. */
export async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    child.ref();
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }
}

/** A free port of this machine. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
