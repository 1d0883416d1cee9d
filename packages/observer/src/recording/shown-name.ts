import type { System } from '@reprise/actor';
import { shown } from '@reprise/actor/inspect';
import { redact } from '@reprise/actor/text';

/** In characters: a longer text is cut by `shown`, and so is a longer name here. */
const longestText = 200;
const longestName = 2000;

/** An id or a name without secrets: the id of a stream is often its URL. */
export function shownName(system: System, name: string): string {
  if (name.length <= longestText) {
    return String(shown(system, name));
  }
  const start = redact(name.slice(0, longestName).toWellFormed());
  return name.length <= longestName ? start : `${start}… (${name.length} characters)`;
}
