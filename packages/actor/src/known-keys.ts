import { forgottenAwait, isThenable } from './maybe-promise.ts';
import { nearest } from './nearest.ts';

/**
 * All keys of the type `Options`, and no other. A list of this type lies beside each interface of
 * options: it does not compile when a key is missing, or is one too many.
 */
export type KeysOf<Options> = { readonly [Key in keyof Required<Options>]: true };

/**
 * Refuses options of the function `name` that are misspelt, which would else be ignored in silence,
 * and options that are not an object, such as a timeout outside of its object.
 * @throws TypeError that names the key, and the nearest known one
 * @example
 * ```ts
 * import { assertKnownKeys, type KeysOf } from '@reprise/actor/options';
 *
 * interface PollOptions {
 *   readonly interval?: number;
 * }
 *
 * const pollKeys: KeysOf<PollOptions> = { interval: true };
 *
 * const poll = (options: PollOptions = {}) => assertKnownKeys('poll', options, pollKeys);
 * try {
 *   poll({ intervall: 500 } as PollOptions);
 * } catch (error) {
 *   console.log(String(error)); // TypeError: Expected an option of poll, got `intervall`: did you mean `interval`?
 * }
 * ```
 */
export function assertKnownKeys(
  name: string,
  options: unknown,
  known: Readonly<Record<string, true>>,
): void {
  const isBag = typeof options === 'object' && options !== null && !Array.isArray(options);
  if (!isBag || isThenable(options)) {
    throw new TypeError(
      `Expected the options of ${name}, ${shapeOf(known)}, got ${kindOf(options)}`,
    );
  }
  // Not `Object.keys`, which makes an array: the options of a call are checked each time. An
  // inherited key counts, too, since its value would be used.
  for (const key in options) {
    if (!Object.hasOwn(known, key)) {
      throw new TypeError(`Expected an option of ${name}${unknownKey(key, Object.keys(known))}`);
    }
  }
}

/**
 * `assertKnownKeys` for an object that may hold more than options, such as a state that is used as
 * a request: only a key that is near to a known one, which is missing, is refused.
 * @throws TypeError that names the key and the known one
 * @example
 * ```ts
 * import { assertNoMisspelling } from '@reprise/actor/options';
 *
 * assertNoMisspelling('poll', { url: 'http://a/', urls: [] }, { url: true });
 * try {
 *   assertNoMisspelling('poll', { uri: 'http://a/' }, { url: true });
 * } catch (error) {
 *   console.log(String(error)); // TypeError: Expected an option of poll, got `uri`: did you mean `url`?
 * }
 * ```
 */
export function assertNoMisspelling(
  name: string,
  given: object,
  known: Readonly<Record<string, true>>,
): void {
  const missing = Object.keys(known).filter((key) => !(key in given));
  for (const key in given) {
    if (!Object.hasOwn(known, key) && nearest(key, missing) !== undefined) {
      throw new TypeError(`Expected an option of ${name}${unknownKey(key, missing)}`);
    }
  }
}

/**
 * The options whose keys are in `known`: those that go on to another function.
 * @example
 * ```ts
 * import { type KeysOf, partOf } from '@reprise/actor/options';
 *
 * const keys: KeysOf<{ readonly name?: string }> = { name: true };
 * const options = { name: 'a', interval: 500 };
 * console.log(partOf(options, keys)); // { name: 'a' }
 * ```
 */
export function partOf<Part extends object>(options: Part, known: KeysOf<Part>): Part {
  const entries = Object.entries(options).filter(([key]) => Object.hasOwn(known, key));
  return Object.fromEntries(entries) as Part;
}

/**
 * Not `describe`, which is larger than all of the format of `@reprise/sse`. Of a text only its type
 * is shown: it may be a secret.
 */
function kindOf(options: unknown): string {
  switch (typeof options) {
    case 'object':
      return options === null ? 'null' : Array.isArray(options) ? 'an array' : forgottenAwait;
    case 'number':
    case 'boolean':
    case 'undefined':
      return String(options);
    default:
      return `a ${typeof options}`;
  }
}

function shapeOf(known: object): string {
  const keys = Object.keys(known);
  return `{ ${keys.slice(0, 6).join(', ')}${keys.length > 6 ? ', …' : ''} }`;
}

/** The end of an error: the key, and the nearest known one, or else all. */
export function unknownKey(key: string, known: readonly string[]): string {
  const near = nearest(key, known);
  return near === undefined
    ? ` (${known.join(', ')}), got \`${key}\``
    : `, got \`${key}\`: did you mean \`${near}\`?`;
}
