import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';

import { type Term, termOf } from './term.ts';
import type { Trace } from './trace.ts';

const modules = ['differential', 'processes', 'supervisors', 'worker', 'servers', 'server'];

/**
 * Loads all modules first, and starts. A process that needs a module which is not loaded waits for
 * the file system: it would not be ready to run, and yet not be done with its step.
 */
const main = `[{module, _} = code:load_file(M) || M <- [${modules.join(',')}]], differential:main().`;

/** How long the node may take to start, or for one program, in ms: both take far less. */
const limit = 60_000;

/** A node of Erlang that runs programs, one after another. */
export class Erlang {
  /** The release of OTP. */
  release = '';
  /** Whether the node has ended: it runs no further program. */
  isOver = false;
  readonly #node: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string, undefined>;
  readonly #folder: string;

  private constructor(node: ChildProcessWithoutNullStreams, folder: string) {
    this.#node = node;
    this.#lines = createInterface(node.stdout)[Symbol.asyncIterator]();
    this.#folder = folder;
  }

  /**
   * Compiles the interpreters and starts a node with one scheduler.
   * @throws Error when the node cannot be started
   */
  static async start(): Promise<Erlang> {
    const folder = mkdtempSync(join(tmpdir(), 'reprise-differential-'));
    const sources = modules.map((module) => join(import.meta.dirname, 'erlang', `${module}.erl`));
    execFileSync('erlc', ['-o', folder, ...sources], { stdio: 'inherit', timeout: limit });
    const flags = ['+S', '1:1', '-mode', 'embedded', '-noshell', '-pa', folder, '-eval', main];
    const node = spawn('erl', flags, { env: { ...process.env, ERL_CRASH_DUMP_SECONDS: '0' } });
    node.stderr.pipe(process.stderr);
    const erlang = new Erlang(node, folder);
    erlang.release = await erlang.#answer();
    return erlang;
  }

  /** @throws Error when the interpreter fails, or hangs */
  async run(kind: string, program: Term): Promise<Trace> {
    this.#node.stdin.write(`{${kind},${termOf(program)}}.\n`);
    const line = await this.#answer();
    if (line.startsWith('failed')) {
      throw new Error(`The interpreter in Erlang ${line}`);
    }
    return line.split('\t');
  }

  async stop(): Promise<void> {
    this.#node.stdin.end();
    // The output ends with the node.
    await this.#line();
    rmSync(this.#folder, { recursive: true });
  }

  async #answer(): Promise<string> {
    const line = await this.#line();
    if (line === undefined) {
      throw new Error('Expected a trace from Erlang, got the end of its output');
    }
    return line;
  }

  /** The next line of its output; `undefined` at the end. A node that hangs is ended. */
  async #line(): Promise<string | undefined> {
    let hangs = false;
    const watchdog = setTimeout(() => {
      hangs = true;
      this.#node.kill('SIGKILL');
    }, limit);
    const { done, value } = await this.#lines.next();
    clearTimeout(watchdog);
    this.isOver = done === true;
    if (hangs) {
      throw new Error(`Expected an answer of Erlang within ${limit / 1000} s, got none: ended it`);
    }
    return value;
  }
}

/** Whether Erlang is here. As root on Debian, as in CI, it is installed if it is missing. */
export function findErlang(): boolean {
  return hasErlang() || (install() && hasErlang());
}

function hasErlang(): boolean {
  const folders = (process.env['PATH'] ?? '').split(':');
  return folders.some((folder) => existsSync(join(folder, 'erlc')));
}

function install(): boolean {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    return false;
  }
  process.stderr.write(
    'Erlang is not here: installing that of the distribution (apt-get install)\n',
  );
  try {
    apt('update', '-qq');
    apt('install', '-y', '-qq', '--no-install-recommends', 'erlang-base');
    return true;
  } catch (error) {
    process.stderr.write(`Erlang could not be installed: ${String(error)}\n`);
    return false;
  }
}

function apt(...words: readonly string[]): void {
  execFileSync('apt-get', words, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    timeout: 4 * 60_000,
  });
}
