import { describe } from '../describe.ts';
import { type KeysOf, unknownKey } from '../known-keys.ts';
import { nearest } from '../nearest.ts';
import type { AnyBehaviour } from './behaviour.ts';

export const callbackKeys: KeysOf<AnyBehaviour> = {
  init: true,
  handleCall: true,
  handleCast: true,
  handleInfo: true,
  handleContinue: true,
  terminate: true,
  formatStatus: true,
};

/**
 * Refuses a behaviour with a callback that would never be called: a name that begins with `handle`,
 * or is near to that of a callback, and is none. Other names are the user's own. Each callback is a
 * function; `handleCall` and `handleCast` have one for each request.
 * @throws TypeError that names the callback, and the nearest known one
 * @example
 * ```ts
 * import { assertCallbacks, callbackKeys } from '@reprise/actor/options';
 *
 * try {
 *   assertCallbacks('GenServer', { init: () => 0, handle_info: () => 0 }, callbackKeys);
 * } catch (error) {
 *   console.log(String(error)); // TypeError: Expected a callback of GenServer, got `handle_info`: did you mean `handleInfo`?
 * }
 * ```
 */
export function assertCallbacks(
  name: string,
  behaviour: object,
  known: Readonly<Record<string, true>>,
): void {
  const names = Object.keys(known);
  for (const key of keysOf(behaviour)) {
    // Known names first: the distance to a name takes longer than the rest of a start.
    if (!Object.hasOwn(known, key) && isMeant(key, names)) {
      throw new TypeError(`Expected a callback of ${name}${unknownKey(key, names)}`);
    }
  }
  for (const key of names) {
    assertCallback(key, (behaviour as Readonly<Record<string, unknown>>)[key]);
  }
}

function isMeant(key: string, names: readonly string[]): boolean {
  return /^handle/i.test(key) || nearest(key, names) !== undefined;
}

function assertCallback(key: string, given: unknown): void {
  const [type, shape] = hasClauses(key)
    ? ['object', 'an object with a function for each request']
    : ['function', 'a function'];
  if (given !== undefined && (typeof given !== type || given === null)) {
    throw new TypeError(`Expected ${key} to be ${shape}, got ${describe(given)}`);
  }
}

function hasClauses(key: string): boolean {
  return key === 'handleCall' || key === 'handleCast';
}

/** Of an instance of a class, also the names of its methods. */
function keysOf(behaviour: object): readonly string[] {
  const prototype: unknown = Object.getPrototypeOf(behaviour);
  const isPlain =
    typeof prototype !== 'object' ||
    prototype === null ||
    Object.getPrototypeOf(prototype) === null;
  const own = Object.getOwnPropertyNames(behaviour);
  return isPlain ? own : [...own, ...keysOf(prototype)];
}
