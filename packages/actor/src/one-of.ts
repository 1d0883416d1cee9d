import { describe } from './describe.ts';
import { nearest } from './nearest.ts';

/**
 * Refuses a value that is not one of those allowed. For a misspelt word the error names the nearest
 * of them.
 * @throws TypeError that begins with `expected`
 * @example
 * ```ts
 * import { assertOneOf } from '@reprise/actor/options';
 *
 * try {
 *   assertOneOf('Expected mode to be', 'fats', ['fast', 'safe']);
 * } catch (error) {
 *   console.log(String(error)); // TypeError: Expected mode to be "fast" or "safe", got "fats": did you mean "fast"?
 * }
 * ```
 */
export function assertOneOf(expected: string, value: unknown, allowed: readonly unknown[]): void {
  if (!allowed.includes(value)) {
    const list = allowed.map((one) => JSON.stringify(one)).join(' or ');
    const near = nearest(value, allowed);
    const hint = near === undefined ? '' : `: did you mean ${JSON.stringify(near)}?`;
    throw new TypeError(`${expected} ${list}, got ${describe(value)}${hint}`);
  }
}
