import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

import { afterEach } from '@jest/globals';

import { Lines } from './lines.ts';
import { main } from './program.ts';

const running = new Set<Run>();

interface RunOptions {
  /** Default: empty. */
  readonly stdin?: string;
  /** Further environment variables. */
  readonly variables?: NodeJS.ProcessEnv;
}

/** The program in a process of its own. */
export class Run {
  readonly process: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly stderr: Lines;
  /** The exit status, or the signal, once both output streams are read to their ends. */
  readonly whenExited: Promise<number | string>;
  #stdout: Lines | undefined = undefined;

  constructor(args: readonly string[], { stdin, variables = {} }: RunOptions = {}) {
    const flags = ['--conditions=@reprise/source', main];
    this.process = spawn(process.execPath, [...flags, ...args], {
      env: { ...process.env, ...variables },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.process.stdin.on('error', () => undefined).end(stdin);
    this.stderr = new Lines(this.process.stderr);
    const exited = new Promise<number | string>((resolve) => {
      this.process.once('exit', (status, signal) => {
        running.delete(this);
        resolve(status ?? signal ?? 'unknown');
      });
    });
    this.whenExited = exited.then(async (status) => {
      await Promise.all([this.#stdout?.whenEnded, this.stderr.whenEnded]);
      return status;
    });
    running.add(this);
  }

  /** Stdout is not read before the first use of this. */
  get stdout(): Lines {
    this.#stdout ??= new Lines(this.process.stdout);
    return this.#stdout;
  }

  get events(): readonly unknown[] {
    return this.stdout.all.map((line) => JSON.parse(line) as unknown);
  }
}

/** Starts `reprise` with these arguments. It is killed after the test if it still runs. */
export function reprise(...args: readonly string[]): Run {
  return new Run(args);
}

/** Runs `reprise` until it ends. */
export async function runReprise(...args: readonly string[]): Promise<Outcome> {
  return outcomeOf(new Run(args));
}

/** The same, with a stdin and environment variables. */
export async function runRepriseWith(
  options: RunOptions,
  ...args: readonly string[]
): Promise<Outcome> {
  return outcomeOf(new Run(args, options));
}

interface Outcome {
  readonly status: number | string;
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
}

async function outcomeOf(run: Run): Promise<Outcome> {
  const { stdout, stderr } = run;
  const status = await run.whenExited;
  return { status, stdout: stdout.all, stderr: stderr.all };
}

afterEach(() => {
  for (const run of running) {
    run.process.kill('SIGKILL');
    // A pipe that is not read would keep jest waiting.
    run.process.stdout.destroy();
  }
});
