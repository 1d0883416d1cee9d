import { escapeControls } from '@reprise/actor/text';
import type { ServerSentEvent } from '@reprise/sse';

import type { SourceState } from '../source.ts';

/** Text from a server, safe to print on one line of a terminal. */
export function harmless(text: string): string {
  return escapeControls(text.replaceAll(/[\t\n\r]/g, (character) => names[character] ?? ''));
}

const names: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** The lines of an event's data. */
export function dataLines({ data }: ServerSentEvent): readonly string[] {
  return data.split('\n').map(harmless);
}

/** A change of state in one line; `undefined` for an end that was requested. */
export function stateLine(state: SourceState): string | undefined {
  switch (state.type) {
    case 'connecting':
    case 'connected':
      return state.type;
    case 'disconnected':
      return `disconnected ${harmless(state.reason)}, next attempt in ${(state.after / 1000).toFixed(1)}s`;
    case 'gaveUp':
      return `gave up ${harmless(state.reason)}`;
    case 'resumed':
      return `resumed from ${harmless(state.lastEventId)}`;
    case 'ignored':
      return `the server ignored the cursor ${harmless(state.lastEventId)}, and sent ${harmless(state.id)} again`;
    case 'fresh':
      return 'no cursor yet: it begins where the server does';
    case 'ended':
      return undefined;
    default:
      return state satisfies never;
  }
}
