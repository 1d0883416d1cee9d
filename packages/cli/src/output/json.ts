import type { ServerSentEvent } from '@reprise/sse';

import type { Source } from '../source.ts';

/** An event as one line of JSON. */
export function jsonLine(
  { url }: Source,
  { type, data, id, lastEventId }: ServerSentEvent,
): string {
  const text = JSON.stringify({ source: url, type, data, id, lastEventId });
  return `${text.replaceAll(unescaped, escape)}\n`;
}

/**
 * What JSON may hold as it is, but what is no safe part of a line: some readers end a line at
 * U+0085, U+2028 and U+2029, some terminals obey U+0080 to U+009F.
 */
// oxlint-disable-next-line no-control-regex -- that is what it is about
const unescaped = /[\u007F-\u009F\u2028\u2029]/g;

function escape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
