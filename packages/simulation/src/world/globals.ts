import type { syncBuiltinESMExports } from 'node:module';
import { getBuiltinModule } from 'node:process';

import { replaceClocks } from './clocks.ts';
import { replaceDate } from './date.ts';
import { replaceNodeCrypto, replaceRandom } from './random.ts';
import { Replacements } from './replacement.ts';
import { replaceTimersPromises } from './timers-promises.ts';
import { replaceAbortTimeout, replaceTimers } from './timers.ts';

/**
 * Replaces the globals of the host, and the modules of Node with the same functions: in a node they
 * give its time and its chance, elsewhere they are the originals. Returns the function that puts
 * the originals back.
 */
export function replaceGlobals(): () => void {
  const replacements = new Replacements();
  replaceTimers(replacements, globalThis);
  replaceTimers(replacements, builtin('node:timers'));
  replaceTimersPromises(replacements, builtin('node:timers/promises'));
  replaceAbortTimeout(replacements);
  replaceDate(replacements);
  replaceClocks(replacements);
  replaceRandom(replacements);
  replaceNodeCrypto(replacements, builtin('node:crypto'));
  updateImports();
  return () => {
    replacements.undo();
    updateImports();
  };
}

/** Not imported: under Jest an import is a copy. */
function builtin(name: string): object {
  return getBuiltinModule(name) as object;
}

/** Makes the names that were imported from these modules those of now. */
function updateImports(): void {
  const { syncBuiltinESMExports: update } = builtin('node:module') as {
    readonly syncBuiltinESMExports: typeof syncBuiltinESMExports;
  };
  update();
}
