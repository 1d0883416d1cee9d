import type { ServerSentEvent } from '@reprise/sse';

import type { SourceState } from '../source.ts';

/**
 * Text from elsewhere, made fit for a person's terminal: what is not meant to be seen is written as
 * an escape, so that it can neither move the cursor, nor change the order of what is read
 * (Unicode's bidirectional controls), nor begin a line of its own.
 */
export function harmless(text: string): string {
  return text.replaceAll(unseen, (character) => {
    const code = character.codePointAt(0) ?? 0;
    const short =
      code < 0x1_00 ? `x${code.toString(16).padStart(2, '0')}` : `u{${code.toString(16)}}`;
    return `\\${named[character] ?? short}`;
  });
}

/**
 * C0 and C1 controls, line and paragraph separators, bidirectional controls, the byte order mark,
 * halves of surrogate pairs.
 */
const unseen = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF]/gu;

const named: Readonly<Record<string, string>> = { '\t': 't', '\n': 'n', '\r': 'r' };

/** The data of an event, a line each. */
export function dataLines({ data }: ServerSentEvent): readonly string[] {
  return data.split('\n').map(harmless);
}

/** A change of state, in one line; `undefined` for an end that was asked for, which is no news. */
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
