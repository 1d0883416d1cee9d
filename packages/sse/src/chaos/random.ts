/** Gives numbers from 0 up to 1, like `Math.random`. */
export type Random = () => number;

/**
 * A generator that gives the same numbers for the same seed, on every machine (mulberry32). Not for
 * secrets.
 * @example
 * ```ts
 * import { randomOf } from '@reprise/sse/testing';
 *
 * console.log(randomOf('a seed')() === randomOf('a seed')()); // true
 * ```
 */
export function randomOf(seed: string): Random {
  let state = hash(seed);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    const once = Math.imul(state ^ (state >>> 15), state | 1);
    const twice = once ^ (once + Math.imul(once ^ (once >>> 7), once | 61));
    return ((twice ^ (twice >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** FNV-1a. Another hash would give each seed other faults than in the last version. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of Buffer.from(text)) {
    value = Math.imul(value ^ byte, 0x01000193);
  }
  return value;
}
