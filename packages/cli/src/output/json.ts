import { escapeControls } from '@reprise/actor/text';
import type { ServerSentEvent } from '@reprise/sse';

import type { Source } from '../source.ts';

/**
 * An event as one line of JSON. JSON text may contain characters that some readers take for the end
 * of a line, and some terminals obey: they are escaped, too.
 */
export function jsonLine(
  { name }: Source,
  { type, data, id, lastEventId }: ServerSentEvent,
  time?: string,
): string {
  // A field without a value is left out.
  const text = JSON.stringify({ source: name, time, type, data, id, lastEventId });
  return escapeControls(text, { notation: 'json' });
}
