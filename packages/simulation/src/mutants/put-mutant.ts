import * as nodeModule from 'node:module';
import { version } from 'node:process';

import type { Mutant } from '../run/model.ts';

// Newer than the Node whose types the repository compiles against.
interface Hooking {
  readonly registerHooks?: (hooks: { readonly load: LoadHook }) => void;
}

type LoadHook = (
  url: string,
  context: unknown,
  next: (url: string, context: unknown) => Loaded,
) => Loaded;

interface Loaded {
  readonly source?: unknown;
}

/**
 * Puts the mutant into its source when that is loaded, from now on in this thread. The function
 * that is returned says whether it was.
 * @throws Error before Node 22.15
 */
export function putMutant(mutant: Mutant): () => boolean {
  const { registerHooks } = nodeModule as Hooking;
  if (registerHooks === undefined) {
    throw new Error(`Expected Node 22.15 or newer for mutants, got Node ${version}`);
  }
  let isTouched = false;
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context);
      if (!url.endsWith(`/${mutant.file}`)) {
        return loaded;
      }
      isTouched = true;
      return { ...loaded, source: mutated(mutant, String(loaded.source)) };
    },
  });
  return () => isTouched;
}

/**
 * The source with the fault in place of the code.
 * @throws Error if the code is not there exactly once
 */
function mutated({ file, from, to }: Omit<Mutant, 'within'>, source: string): string {
  const parts = source.split(from);
  if (parts.length !== 2) {
    throw new Error(
      `Expected ${JSON.stringify(from)} once in ${file}, got it ${parts.length - 1} times`,
    );
  }
  return parts.join(to);
}
