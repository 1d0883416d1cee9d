import type { ServerSentEvent } from '@reprise/sse';

import { dataLines, harmless } from './text.ts';

/** An event for a person: type, id in brackets, data; further lines of data are indented. */
export function eventLines(event: ServerSentEvent): readonly string[] {
  const [first = '', ...rest] = dataLines(event);
  const id = event.id === null ? '' : ` [${harmless(event.id)}]`;
  return [`${harmless(event.type)}${id} ${first}`.trimEnd(), ...rest.map((line) => `  ${line}`)];
}
