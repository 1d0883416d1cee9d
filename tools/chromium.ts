// Finds the Chromium for the browser tests. As root on Debian, as in CI, it installs a missing one.
// Elsewhere the tests are skipped with a banner; if `CI` is set, a missing Chromium is an error.
import { existsSync } from 'node:fs';
import process from 'node:process';

import { complain, install } from './apt.ts';

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
  let found = find();
  if (found === undefined) {
    install('Chromium', 'chromium');
    found = find();
  }
  if (found === undefined) {
    complain('NO BROWSER TEST WAS RUN: Chromium is not here (install it, or set CHROMIUM_PATH)');
  }
  return found;
}

function find(): string | undefined {
  const { CHROMIUM_PATH: named = '' } = process.env;
  return named === '' ? places.find((path) => existsSync(path)) : named;
}
