import type { State } from './client-report.ts';

/** The states by `readyState`, as in the WHATWG's EventSource. */
export function webState(readyState: number): State {
  return (['connecting', 'open', 'closed'] as const)[readyState] ?? 'closed';
}
