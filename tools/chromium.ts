// Finds the Chromium for the browser tests. As root on Debian, as in CI, it installs a missing one.
// Elsewhere the tests are skipped with a banner; if `CI` is set, a missing Chromium is an error.
import { execFileSync, type ExecFileSyncOptions } from 'node:child_process';
import { existsSync } from 'node:fs';
import process from 'node:process';

const places = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** For Chromium as root in a container, without background requests. */
export const launchArguments: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

/**
 * The path of the program; `undefined`, with a banner, if there is none.
 * @throws Error if there is none and `CI` is set.
 */
export function chromiumPath(): string | undefined {
  const found = find() ?? install();
  if (found === undefined) {
    complain('NO BROWSER TEST WAS RUN: Chromium is not here (install it, or set CHROMIUM_PATH)');
  }
  return found;
}

function find(): string | undefined {
  const { CHROMIUM_PATH: named = '' } = process.env;
  return named === '' ? places.find((path) => existsSync(path)) : named;
}

function install(): string | undefined {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    return undefined;
  }
  say('Chromium is not here: installing that of the distribution (apt-get install)');
  try {
    apt('update', '-qq');
    apt('install', '-y', '-qq', '--no-install-recommends', 'chromium');
  } catch (error) {
    say(`Chromium could not be installed: ${String(error)}`);
  }
  return find();
}

function apt(...words: readonly string[]): void {
  const options: ExecFileSyncOptions = {
    // Its progress would drown the output of the tests; its errors are on stderr.
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    timeout: 4 * 60_000,
  };
  execFileSync('apt-get', words, options);
}

function complain(text: string): void {
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
