import { type ChildProcess, execFileSync, spawn, type SpawnOptions } from 'node:child_process';
import { chownSync, mkdtempSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

/** Postgres and PgBouncer refuse to run as root: then they run as another user. */
interface User {
  readonly uid: number;
  readonly gid: number;
}

const user: User | undefined = process.getuid?.() === 0 ? unprivileged() : undefined;

function unprivileged(): User {
  const names = ['postgres', 'nobody'];
  for (const name of names) {
    try {
      return { uid: idOf(name, '-u'), gid: idOf(name, '-g') };
    } catch {
      // The next name.
    }
  }
  throw new Error(`Expected a user who is not root, ${names.join(' or ')}, got neither`);
}

function idOf(name: string, option: string): number {
  return Number(execFileSync('id', [option, name], { encoding: 'utf8', stdio: 'pipe' }));
}

/** A new folder of that user's, for data, settings and logs. */
export function makeFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `reprise-${name}-`));
  own(folder);
  return folder;
}

/** Gives a file or a folder to that user. */
export function own(path: string): void {
  if (user !== undefined) {
    chownSync(path, user.uid, user.gid);
  }
}

/** Runs a program to its end as that user. */
export function runAsUser(program: string, args: readonly string[]): void {
  execFileSync(program, args, { ...user, cwd: '/', stdio: 'pipe' });
}

/**
 * Starts a program as that user, with its output in a file. It keeps no event loop alive, and does
 * not outlive this process, however this one ends: a shell waits for the end of a pipe, and then
 * ends the program and removes its folder.
 */
export function spawnAsUser(
  program: string,
  args: readonly string[],
  { folder, log, env = {} }: Surroundings,
): ChildProcess {
  const options: SpawnOptions = { ...user, cwd: '/' };
  const child = spawn(program, args, {
    ...options,
    env: { ...process.env, ...env },
    // A group of its own: Ctrl-C in the terminal is for this process, which has work to finish.
    detached: true,
    stdio: ['ignore', log, log],
  });
  child.unref();
  const script = 'read line || { kill -QUIT $0; sleep 1; kill -KILL $0; rm -rf "$1"; }';
  const guard = spawn('sh', ['-c', script, String(child.pid), folder], {
    ...options,
    // Out of reach of a Ctrl-C.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.unref();
  const pipe = guard.stdin as Socket;
  pipe.unref();
  child.once('exit', () => pipe.end('ended\n'));
  return child;
}

interface Surroundings {
  /** It is removed when this process has ended. */
  readonly folder: string;
  /** The file of its output. */
  readonly log: number;
  /** Added to its environment. */
  readonly env?: Environment;
}

export type Environment = Readonly<Record<string, string>>;
