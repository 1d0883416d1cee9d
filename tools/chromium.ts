// The Chromium that tests of the browser run in. Nobody is asked to install one: as root on Debian,
// such as in CI, it is installed; elsewhere those tests are skipped, with a banner, unless `CI` is
// set, which makes a missing one an error.
import { execFileSync, type ExecFileSyncOptions } from 'node:child_process';
import { existsSync } from 'node:fs';
import process from 'node:process';

const places = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** For Chromium as root in a container; nothing of it calls home. */
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
 * The path of its program; `undefined`, loudly, where there is none. Throws where there is none and
 * `CI` is set.
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
    // Its account of itself would drown that of the tests; what goes wrong is on stderr.
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

/** Not by `console`, which jest makes a report of its own of. */
function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
