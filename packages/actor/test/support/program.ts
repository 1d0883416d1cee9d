import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';

import { withoutSlowCallbacks } from '../../../../tools/slow-callbacks.ts';

/** A program that runs as a child process, seen from outside. */
export interface Program {
  /** Resolves once the program has written this line to stdout; rejects if it ends first. */
  line(text: string): Promise<void>;
  signal(signal: 'SIGTERM' | 'SIGINT'): void;
  /** Stops reading its stderr. */
  closeStderr(): void;
  /** Resolves once it has ended. */
  readonly ended: Promise<Ended>;
}

interface Ended {
  readonly status: number | null;
  readonly lines: readonly string[];
  readonly stderr: string;
}

/** Runs a program of `test/programs`. */
export function runProgram(name: string, ...args: readonly string[]): Program {
  const file = join(import.meta.dirname, '..', 'programs', `${name}.ts`);
  const child = spawn(process.execPath, ['--conditions=@reprise/source', file, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const waiting: { readonly text: string; readonly resolve: () => void }[] = [];
  createInterface(child.stdout).on('line', (line) => {
    lines.push(line);
    waiting.filter(({ text }) => text === line).forEach(({ resolve }) => resolve());
  });
  const ended = endOf(child, lines);
  return {
    ended,
    line: (text) =>
      Promise.race([
        new Promise<void>((resolve) => {
          waiting.push({ text, resolve });
          if (lines.includes(text)) {
            resolve();
          }
        }),
        ended.then((end) => {
          if (!end.lines.includes(text)) {
            throw new Error(`Expected the line ${text}, got ${JSON.stringify(end)}`);
          }
        }),
      ]),
    signal: (signal) => void child.kill(signal),
    closeStderr: () => {
      // In order: no more text follows the text that was read so far.
      child.stderr.push(null);
      child.stderr.destroy();
    },
  };
}

async function endOf(child: ChildProcess, lines: readonly string[]): Promise<Ended> {
  const stderr = text(child.stderr as NodeJS.ReadableStream);
  // `close` and not `exit`: only at `close` has all of stdout been read.
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, lines, stderr: withoutSlowCallbacks(await stderr) };
}
