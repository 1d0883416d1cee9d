import { fork } from 'node:child_process';
import { constants } from 'node:os';

/**
 * Runs this program again as a child process that does the work, and exits with its status. The
 * child survives a `kill -9` of this process long enough to print the current event and to write
 * the cursor: no program can protect itself from a kill between these two. `stdin` is the text that
 * the child can read there, since this process may have read its own.
 */
export async function runInChildProcess(
  process: NodeJS.Process,
  stdin: string | Uint8Array = '',
): Promise<never> {
  const child = fork(process.argv[1] ?? '', process.argv.slice(2), {
    execArgv: process.execArgv,
    env: { ...process.env, [marker]: '1' },
    // In a process group of its own: the signals of a terminal go to this process alone, which
    // passes each on once.
    detached: true,
    stdio: ['pipe', 'inherit', 'inherit', 'ipc'],
  });
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(stdin);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      child.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal);
    });
  }
  return new Promise(() => {
    child.once('exit', (status, signal) => {
      process.exit(status ?? 128 + constants.signals[signal ?? 'SIGTERM']);
    });
  });
}

/** Whether this process is the child that does the work. */
export function isChildProcess({ env }: NodeJS.Process): boolean {
  return env[marker] === '1';
}

const marker = 'REPRISE_CHILD_PROCESS';
