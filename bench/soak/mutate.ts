/** Preloaded by the child of a soak: loads the mutant that SOAK_MUTANT names. */
import { registerHooks } from 'node:module';

import { mutants } from './mutants.ts';

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
const { file, code, instead } = mutant;

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    if (!url.endsWith(file)) {
      return loaded;
    }
    const [before, after, ...more] = String(loaded.source).split(code);
    if (before === undefined || after === undefined || more.length > 0) {
      throw new Error(`Expected ${JSON.stringify(code)} once in ${file}`);
    }
    return { ...loaded, source: `${before}${instead}${after}` };
  },
});
