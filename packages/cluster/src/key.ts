import { describe } from '@reprise/actor/text';

/** A B-tree of Postgres refuses keys that are a few times longer. */
const longest = 1024;

/**
 * Checks the key of a stream: any text that each store keeps as it is.
 * @throws TypeError if it is not a text, is empty, or has U+0000 or a surrogate without the other.
 * @throws RangeError if it has more than 1,024 bytes.
 */
export function assertKey(key: unknown): asserts key is string {
  if (typeof key !== 'string' || key === '' || key.includes('\0') || !key.isWellFormed()) {
    throw new TypeError(
      `Expected the key of a stream to be a text without U+0000 and lone surrogates, got ${describe(key)}`,
    );
  }
  const length = Buffer.byteLength(key);
  if (length > longest) {
    throw new RangeError(
      `Expected the key of a stream to have at most ${longest} bytes, got ${length} in ${describe(key)}`,
    );
  }
}
