import { createHash } from 'node:crypto';

import { redact } from '@reprise/actor/text';

/**
 * The key of a stream's cursor: its URL in its normal form, without user and password. Where a
 * query parameter such as `token` or `api_key` may be secret, a digest of its value stands in its
 * place: the key holds no secret, and still tells two streams apart. `events` and `reprise tail`
 * use it, thus each finds the cursor of the other. A text that is no URL is its own key.
 * @example
 * ```ts
 * import { streamKey } from '@reprise/sse';
 *
 * console.log(streamKey('https://me:secret@Example.com/prices')); // https://example.com/prices
 * console.log(streamKey('https://example.com/?token=secret')); // https://example.com/?token=sha256-K7gNU3sdo-OL
 * ```
 */
export function streamKey(url: string | URL): string {
  return redact(URL.parse(String(url))?.href ?? String(url), digest);
}

function digest(secret: string): string {
  return `sha256-${createHash('sha256').update(secret).digest('base64url').slice(0, 12)}`;
}
