import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';

import { withoutSlowCallbacks } from '../../tools/slow-callbacks.ts';
import { Queue } from './queue.ts';

/** A program in a process of its own. At the end of its scope it is killed if it still runs. */
export interface Program extends AsyncDisposable {
  /**
   * The next lines of its stdout, up to the one that matches. Rejects if the program ends before
   * that.
   */
  linesUntil(last: RegExp): Promise<readonly string[]>;
  signal(signal: NodeJS.Signals): void;
  readonly ended: Promise<Ended>;
}

interface Ended {
  readonly status: number | null;
  readonly stderr: string;
  /** The lines that `linesUntil` has not read. */
  readonly lines: readonly string[];
}

/** Runs a file with Node, on the sources of the packages. */
export function runProgram(file: string, ...args: readonly string[]): Program {
  const child = spawn(process.execPath, ['--conditions=@reprise/source', file, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines = new Queue<string | undefined>();
  const unread: string[] = [];
  createInterface(child.stdout)
    .on('line', (line) => {
      unread.push(line);
      lines.push(line);
    })
    .on('close', () => {
      lines.push(undefined);
    });
  const errors = text(child.stderr);
  const linesUntil = async (last: RegExp): Promise<readonly string[]> => {
    const read: string[] = [];
    for (;;) {
      const line = await lines.next();
      if (line === undefined) {
        throw new Error(`Expected a line ${String(last)}, got the end:\n${await errors}`);
      }
      unread.shift();
      read.push(line);
      if (last.test(line)) {
        return read;
      }
    }
  };
  const ended = once(child, 'close').then(async ([status]) => ({
    status: status as number | null,
    stderr: withoutSlowCallbacks(await errors),
    lines: unread,
  }));
  return {
    linesUntil,
    signal: (signal) => void child.kill(signal),
    ended,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
