/** Preloaded by the child of a soak: loads the mutant that SOAK_MUTANT names. */
import { registerHooks } from 'node:module';

import { mutants, mutated } from './mutants.ts';

// Newer than the Node whose types the repository compiles against.
declare module 'node:module' {
  interface Loaded {
    readonly source?: unknown;
  }

  export function registerHooks(hooks: {
    readonly load: (
      url: string,
      context: unknown,
      next: (url: string, context: unknown) => Loaded,
    ) => Loaded;
  }): void;
}

const name = process.env['SOAK_MUTANT'] ?? '';
const mutant = mutants[name];
if (mutant === undefined) {
  throw new Error(`Expected a mutant, got ${name}`);
}

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    return url.endsWith(`/${mutant.file}`)
      ? { ...loaded, source: mutated(mutant, String(loaded.source)) }
      : loaded;
  },
});
