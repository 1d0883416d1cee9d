// Runs jest with the flags that ES modules want; `pnpm jest PATTERN` runs the tests whose path
// matches.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { root } from './root.ts';

const program = fileURLToPath(import.meta.resolve('jest/bin/jest'));
const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
const given = process.argv.slice(2);

/**
 * More than all tests together need. A loop that never yields ends here: no timer inside jest could
 * end it.
 */
const limit = 10 * 60_000;
const watching = given.some((argument) => argument.startsWith('--watch'));

const { status, signal } = spawnSync(process.execPath, [...flags, program, ...given], {
  cwd: root,
  stdio: 'inherit',
  timeout: watching ? 0 : limit,
  killSignal: 'SIGKILL',
});
if (signal !== null) {
  console.error(`\nFAILED: jest was ended by ${signal} (it may take ${limit / 60_000} minutes)`);
}
process.exitCode = status ?? 1;
