// Runs jest with the flags that ES modules need. `pnpm jest PATTERN` runs the tests whose path
// matches, `--quick` leaves the slow files out (tools/slow-tests.ts), `--slow` runs only the files
// `*.slow.ts`, which are too slow for `pnpm test`.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

import { compileCache } from './compile-cache.ts';
import { buildPage } from './page.ts';
import { root } from './root.ts';
import { slowTests } from './slow-tests.ts';

const program = fileURLToPath(import.meta.resolve('jest/bin/jest'));
const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
const quick = [`--testPathIgnorePatterns=${['/node_modules/', ...slowTests].join('|')}`];
const slow = ['--testMatch=<rootDir>/**/*.slow.ts', '--runInBand'];
const given = process.argv
  .slice(2)
  .flatMap((argument) =>
    argument === '--quick' ? quick : argument === '--slow' ? slow : [argument],
  );

/**
 * More than all tests together take on a loaded machine that is three times slower than a laptop.
 * It ends a loop that never yields: no timer inside jest can. In minutes.
 */
const limit = process.argv.includes('--slow') ? 170 : 45;
const isWatching = given.some((argument) => argument.startsWith('--watch'));
/** Jest, its workers and the programs of the tests in one process group, to end them together. */
const isGroup = !isWatching && process.platform !== 'win32';

/** Of the tests and their programs: what they leave in it goes with it, also after a kill. */
const temporary = mkdtempSync(join(tmpdir(), 'reprise-tests-'));
// Postgres runs as another user.
chmodSync(temporary, 0o1777);
// Jest keeps its cache, and how long each file took, from run to run.
const cache = `--cacheDirectory=${join(tmpdir(), `reprise-jest-${userInfo().uid}`)}`;

/**
 * Without the variables of the package manager that runs this: they lead the programs of tests to
 * packages that are not theirs (NODE_PATH), and npm to the Node of another place (its prefix).
 */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) =>
      !/^(NODE|NODE_PATH|INIT_CWD|npm_(?!config_).*|npm_config_(\w+_)?prefix)$/i.test(name),
  ),
);

// Before the tests that need it: they run side by side.
buildPage();
const jest = spawn(process.execPath, [...flags, program, cache, ...given], {
  cwd: root,
  env: { ...compileCache, ...environment, TMPDIR: temporary, TEMP: temporary, TMP: temporary },
  stdio: 'inherit',
  detached: isGroup,
});
// A terminal sends Ctrl-C to its own process group only.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => end(jest, signal));
}
const timer = isWatching ? undefined : setTimeout(end, limit * 60_000, jest, 'SIGKILL');
const [status, signal] = (await once(jest, 'exit')) as [number | null, NodeJS.Signals | null];
clearTimeout(timer);
rmSync(temporary, { recursive: true, force: true, maxRetries: 5 });
if (signal !== null) {
  console.error(`\nFAILED: jest was ended by ${signal} (it may take ${limit} minutes)`);
}
process.exitCode = status ?? 1;

function end(child: ChildProcess, signal: NodeJS.Signals): void {
  if (isGroup && child.pid !== undefined) {
    process.kill(-child.pid, signal);
  } else {
    child.kill(signal);
  }
}
