import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { bundleProgram } from '../../../../tools/program.ts';

/** The file of the program, for tests that start it in another way. */
export const main: string = bundleProgram(join(import.meta.dirname, '..', '..', 'src', 'main.ts'));

/** All programs of the tests share compiled code: each starts in half the time. */
export const env: NodeJS.ProcessEnv = {
  NODE_COMPILE_CACHE: join(tmpdir(), 'reprise-compile-cache'),
  ...process.env,
};
