import { escapeControls } from '@reprise/actor/text';
import type { ServerSentEvent } from '@reprise/sse';

import type { SourceState } from '../source.ts';
import { reasonLine } from './reason.ts';

/** Text from a server, safe to print on one line of a terminal. */
export function harmless(text: string): string {
  return escapeControls(text.replaceAll(/[\t\n\r]/g, (character) => names[character] ?? ''));
}

const names: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** The lines of an event's data. */
export function dataLines({ data }: ServerSentEvent): readonly string[] {
  return data.split('\n').map(harmless);
}

/** How much of an id is shown that is too long to be sent. */
const longestId = 100;

/**
 * A change of state in one line; `undefined` for an end that needs no word. `hide` takes the
 * secrets out of a text before it is cut.
 */
export function stateLine(
  state: SourceState,
  hide: (text: string) => string = (text) => text,
): string | undefined {
  const start = (id: string): string => harmless(hide(id).slice(0, longestId));
  switch (state.type) {
    case 'connecting':
    case 'connected':
      return state.type;
    case 'disconnected':
      return `disconnected ${harmless(reasonLine(state, hide))}, next attempt in ${seconds(state.after)}`;
    case 'gaveUp':
      return `gave up ${harmless(reasonLine(state, hide))}`;
    case 'resumed':
      return `resumed from ${harmless(state.lastEventId)}`;
    case 'ignored':
      return 'reason' in state
        ? `the id ${start(state.lastEventId)} ${state.reason === 'refused' ? 'was refused as too long' : 'cannot be sent'}: it goes on without it`
        : `the server ignored the cursor ${harmless(state.lastEventId)}, and sent ${harmless(state.id)} again`;
    case 'gap':
      return `the server begins after ${start(state.begins) || 'another place'} and not after ${start(state.asked)}: events may be missing`;
    case 'fresh':
      return 'no cursor yet: it begins where the server does';
    case 'owned':
      return 'owned';
    case 'unowned':
      return state.wasOwned ? 'lost' : undefined;
    case 'parked':
      return state.retryIn === undefined
        ? 'ended in another run: `reprise cluster retry` runs it again'
        : `parked ${harmless(state.reason)}, next attempt in ${seconds(state.retryIn)}`;
    case 'eventFailed':
      return harmless(`${state.reason}, ${state.next}`);
    case 'ended':
      return state.reason === undefined ? undefined : `ended ${harmless(state.reason)}`;
    default:
      return state satisfies never;
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)}s`;
}
