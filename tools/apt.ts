// Programs of the distribution that tests need: as root on Debian, as in CI, they are installed.
import { execFileSync, type ExecFileSyncOptions } from 'node:child_process';
import { existsSync } from 'node:fs';
import process from 'node:process';

/** Installs packages of Debian, if this is one and the user is root; else it does nothing. */
export function install(program: string, ...packages: readonly string[]): void {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    return;
  }
  say(`${program} is not here: installing that of the distribution (apt-get install)`);
  try {
    apt('update', '-qq');
    apt('install', '-y', '-qq', '--no-install-recommends', ...packages);
  } catch (error) {
    say(`${program} could not be installed: ${String(error)}`);
  }
}

function apt(...words: readonly string[]): void {
  const options: ExecFileSyncOptions = {
    // Its progress would drown the output of the tests; its errors are on stderr.
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    timeout: 4 * 60_000,
  };
  // Two workers of jest may want to install at the same time.
  execFileSync('apt-get', ['-o', 'DPkg::Lock::Timeout=200', ...words], options);
}

/**
 * Says that tests are skipped.
 * @throws Error if `CI` is set
 */
export function complain(text: string): void {
  if (process.env['CI'] !== undefined) {
    throw new Error(text);
  }
  const rule = '!'.repeat(text.length);
  say(`\n${rule}\n${text}\n${rule}\n`);
}

/** Not by `console`: jest prints those calls with a stack trace. */
function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
