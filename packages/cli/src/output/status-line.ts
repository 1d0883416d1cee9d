import type { CursorReport, ServerSentEvent } from '@reprise/sse';
import cliTruncate from 'cli-truncate';

import type { Source, SourceState } from '../source.ts';
import { Rate } from './rate.ts';
import { harmless } from './text.ts';

type ConnectionState = Exclude<
  SourceState,
  { readonly type: CursorReport['type'] | 'gap' | 'eventFailed' | 'owned' }
>;

export type Colour = 'green' | 'yellow' | 'red' | 'dim' | 'bold' | 'inverse';
export type Paint = (colour: Colour, text: string) => string;

/**
 * An id can be as long as an event, and is redrawn often: only as much is kept as a terminal can
 * show.
 */
const longestId = 200;

/** The numbers for the status line of one source. Times are in ms, on any clock. */
export class Tally {
  #state: ConnectionState = { type: 'connecting', attempt: 1 };
  #events = 0;
  #connections = 0;
  #lastEventId = '';
  #nextAttemptAt = 0;
  readonly #rate: Rate;

  constructor(now: number) {
    this.#rate = new Rate(now);
  }

  event({ lastEventId }: ServerSentEvent, now: number): void {
    this.#events += 1;
    this.#lastEventId = lastEventId.slice(0, longestId);
    this.#rate.add(now);
  }

  /** Reports about the cursor, or about an event, do not change the state of the connection. */
  state(state: SourceState, now: number): void {
    if (!isOfConnection(state)) {
      return;
    }
    this.#state = state;
    if (state.type === 'connected') {
      this.#connections += 1;
    } else if (state.type === 'disconnected') {
      this.#nextAttemptAt = now + state.after;
    }
  }

  /** One line of at most `width` columns: URL, state, events, rate, reconnects, last id. */
  line(source: Source, now: number, width: number, paint: Paint): string {
    const parts = [
      shortName(source, width),
      this.#stateText(now, paint),
      counted(this.#events, 'event'),
      `${this.#rate.perSecond(now).toFixed(1)}/s`,
      counted(Math.max(0, this.#connections - 1), 'reconnect'),
      ...(this.#lastEventId === '' ? [] : [`last id ${harmless(this.#lastEventId)}`]),
    ];
    return cliTruncate(parts.join('  '), width);
  }

  #stateText(now: number, paint: Paint): string {
    const state = this.#state;
    switch (state.type) {
      case 'connecting':
        return paint('yellow', 'connecting');
      case 'connected':
        return paint('green', 'connected');
      case 'disconnected': {
        const seconds = Math.max(0, Math.ceil((this.#nextAttemptAt - now) / 1000));
        return paint('red', `disconnected, next attempt in ${seconds} s`);
      }
      case 'ended':
        return paint('dim', 'ended');
      case 'parked':
        return state.retryIn === undefined
          ? paint('dim', 'ended')
          : paint('red', `parked ${harmless(state.reason)}`);
      case 'unowned':
        return paint('dim', 'on another node');
      case 'gaveUp':
        return paint('red', `gave up ${harmless(state.reason)}`);
      default:
        return state satisfies never;
    }
  }
}

/**
 * A URL in at most a third of the line: its beginning and its end, where URLs of one server differ.
 */
export function shortName({ name }: Source, width: number): string {
  return cliTruncate(harmless(name), Math.max(12, Math.floor(width / 3)), { position: 'middle' });
}

function isOfConnection(state: SourceState): state is ConnectionState {
  return !['fresh', 'resumed', 'ignored', 'gap', 'eventFailed', 'owned'].includes(state.type);
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
