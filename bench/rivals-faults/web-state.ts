import type { State } from './sighting.ts';

/** What `readyState` means in the class of the WHATWG. */
export function webState(readyState: number): State {
  return (['connecting', 'open', 'closed'] as const)[readyState] ?? 'closed';
}
