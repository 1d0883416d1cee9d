import { fork } from 'node:child_process';
import { constants } from 'node:os';

/**
 * Runs this program once more, as a child that does the work, and waits for its end. The child
 * outlives a `kill -9` of this process for as long as it takes to print what it has and to write
 * the cursor: between those two, no program can protect itself from one.
 */
export async function runApart(process: NodeJS.Process): Promise<never> {
  const child = fork(process.argv[1] ?? '', process.argv.slice(2), {
    execArgv: process.execArgv,
    env: { ...process.env, [marker]: '1' },
    // Out of reach of what is sent to all of a terminal's processes: each signal comes from here,
    // and once.
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
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

/** Whether this is such a child. */
export function isApart({ env }: NodeJS.Process): boolean {
  return env[marker] === '1';
}

const marker = 'REPRISE_APART';
