import type { System } from '@reprise/actor';
import { shownText } from '@reprise/actor/inspect';

/** In characters. */
const longestName = 2000;

/** An id or a name without secrets: the id of a stream is often its URL. */
export function shownName(system: System, name: string): string {
  return shownText(system, name, longestName);
}
