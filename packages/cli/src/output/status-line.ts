import type { CursorReport, ServerSentEvent } from '@reprise/sse';
import cliTruncate from 'cli-truncate';

import type { Source, SourceState } from '../source.ts';
import { Rate } from './rate.ts';
import { harmless } from './text.ts';

type ConnectionState = Exclude<SourceState, CursorReport>;

export type Colour = 'green' | 'yellow' | 'red' | 'dim' | 'bold';
export type Paint = (colour: Colour, text: string) => string;

/**
 * An id may be as long as an event, and is drawn again and again: more than this is not seen
 * anyway.
 */
const mostOfId = 200;

/** What has been seen of one source, for its status line. Times are in ms, on any clock. */
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
    this.#lastEventId = lastEventId.slice(0, mostOfId);
    this.#rate.add(now);
  }

  /** What the cursor says is no state that lasts. */
  state(state: SourceState, now: number): void {
    if (state.type === 'fresh' || state.type === 'resumed' || state.type === 'ignored') {
      return;
    }
    this.#state = state;
    if (state.type === 'connected') {
      this.#connections += 1;
    } else if (state.type === 'disconnected') {
      this.#nextAttemptAt = now + state.after;
    }
  }

  /** Nothing more is to come, whatever the last state was. */
  close(): void {
    if (this.#state.type !== 'gaveUp') {
      this.#state = { type: 'ended' };
    }
  }

  /**
   * One line, as wide as `width` at most: the URL, the state, events, rate, reconnects, the last
   * id.
   */
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
      case 'gaveUp':
        return paint('red', `gave up ${harmless(state.reason)}`);
      default:
        return state satisfies never;
    }
  }
}

/**
 * A URL within a third of the line: its beginning and its end, where those of one server differ.
 */
export function shortName({ url }: Source, width: number): string {
  return cliTruncate(harmless(url), Math.max(12, Math.floor(width / 3)), { position: 'middle' });
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
