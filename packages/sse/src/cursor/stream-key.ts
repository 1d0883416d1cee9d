import { shownUrl } from '../http/redirect.ts';

/**
 * The key of a stream's cursor: its URL without credentials, in its normal form. `events` and
 * `reprise tail` use it, thus each finds the cursor of the other. A text that is no URL is its own
 * key.
 * @example
 * ```ts
 * import { streamKey } from '@reprise/sse';
 *
 * console.log(streamKey('https://me:secret@Example.com/prices')); // https://example.com/prices
 * ```
 */
export function streamKey(url: string | URL): string {
  const parsed = URL.parse(String(url));
  return parsed === null ? String(url) : shownUrl(parsed);
}
