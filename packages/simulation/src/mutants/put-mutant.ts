import * as nodeModule from 'node:module';
import { version } from 'node:process';

import type { Mutant, Replacement } from '../run/model.ts';

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
 * Puts the mutant into its sources when they are loaded, from now on in this thread. The function
 * that is returned says whether all of them were.
 * @throws Error before Node 22.15
 */
export function putMutant(mutant: Mutant): () => boolean {
  const { registerHooks } = nodeModule as Hooking;
  if (registerHooks === undefined) {
    throw new Error(`Expected Node 22.15 or newer for mutants, got Node ${version}`);
  }
  const replacements = [mutant, ...(mutant.and ?? [])];
  const untouched = new Set(replacements);
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context);
      const here = replacements.filter(({ file }) => url.endsWith(`/${file}`));
      here.forEach((replacement) => untouched.delete(replacement));
      return here.length === 0
        ? loaded
        : { ...loaded, source: here.reduce(mutated, String(loaded.source)) };
    },
  });
  return () => untouched.size === 0;
}

/**
 * The source with the fault in place of the code.
 * @throws Error if the code is not there exactly once
 */
function mutated(source: string, { file, from, to }: Replacement): string {
  const parts = source.split(from);
  if (parts.length !== 2) {
    throw new Error(
      `Expected ${JSON.stringify(from)} once in ${file}, got it ${parts.length - 1} times`,
    );
  }
  return parts.join(to);
}
