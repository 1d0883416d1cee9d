import { oneOfAll } from '../brand.ts';
import { describe } from '../describe.ts';
import { assertKnownKeys } from '../known-keys.ts';
import { type SystemOptions, systemKeys } from './system-options.ts';

/** Returns options for a system that is created now, or `undefined` to give none. */
export type SystemDefaults = () => SystemOptions | undefined;

/**
 * From now on each new system asks `defaults` for the options that its `createSystem` does not
 * give; so do the systems that other code creates, such as `EventSource`. For tests that run a
 * whole program on a clock, a scheduler and random numbers of their own. It holds for all copies of
 * this package in the program. Of several functions the newest that is left is asked. Returns a
 * function that takes this one back.
 * @throws TypeError for anything but a function
 * @example
 * ```ts
 * import { createSystem } from '@reprise/actor';
 * import { provideSystemDefaults, virtualClock } from '@reprise/actor/testing';
 *
 * const clock = virtualClock();
 * const takeBack = provideSystemDefaults(() => ({ clock }));
 * const system = createSystem();
 * console.log(system.clock === clock); // true
 * takeBack();
 * console.log(createSystem().clock === clock); // false
 * ```
 */
export function provideSystemDefaults(defaults: SystemDefaults): () => void {
  if (typeof defaults !== 'function') {
    throw new TypeError(`Expected defaults to be a function, got ${describe(defaults)}`);
  }
  const providers = providersOfAll();
  // An object of its own: the same function may be given twice.
  const provider: Provider = { defaults };
  providers.add(provider);
  return () => {
    providers.delete(provider);
  };
}

interface Provider {
  readonly defaults: SystemDefaults;
}

/** In the order in which they were given. */
const providersOfAll = (): Set<Provider> => oneOfAll('system defaults', () => new Set<Provider>());

/**
 * The options that a system which is created now would get by default; `undefined` for none: for
 * code that keeps a system of its own, or has a clock.
 * @example
 * ```ts
 * import { systemDefaults } from '@reprise/actor/options';
 * import { provideSystemDefaults } from '@reprise/actor/testing';
 *
 * const takeBack = provideSystemDefaults(() => ({ random: () => 0.5 }));
 * console.log(systemDefaults()?.random?.()); // 0.5
 * takeBack();
 * ```
 */
export function systemDefaults(): SystemOptions | undefined {
  return [...providersOfAll()].at(-1)?.defaults();
}

/** The options of a new system: those that are given, and the defaults for the others. */
export function withDefaults(given: SystemOptions): SystemOptions {
  const defaults = systemDefaults();
  if (defaults === undefined) {
    return given;
  }
  assertKnownKeys('the system defaults', defaults, systemKeys);
  const keys = Object.keys(systemKeys) as (keyof SystemOptions)[];
  return Object.fromEntries(
    keys.map((key) => [key, given[key] === undefined ? defaults[key] : given[key]]),
  );
}
