import { assertKnownKeys, type KeysOf } from '@reprise/actor/options';
import { describe } from '@reprise/actor/text';

import type { ServerSentEvent } from '../format/event.ts';
import type { CursorOf } from './own-place.ts';
import { type CursorStore, isStore } from './store.ts';

/** How the position of a client is kept. */
export interface CursorOptions {
  readonly store: CursorStore;
  /**
   * The key of the position in the store. Default: the `id` of the child, the `name` of the client,
   * or the URL of `events` without its password.
   */
  readonly key?: string;
  /**
   * The position is written after this many handled events … Default: 1000; 1 with `dedupe`.
   */
  readonly every?: number;
  /** … or this many ms after the first of them; `Infinity`: only after so many. Default: 1000. */
  readonly within?: number;
  /** How many ids of handled events are remembered. Default: 256. */
  readonly remember?: number;
  /**
   * Whether to drop an event whose id is among the remembered ones. Only for servers whose ids are
   * unique: with any other server it loses events. With `cursorOf` positions take the place of ids,
   * and events without one are dropped when they come again after the last position. Default: no.
   */
  readonly dedupe?: boolean;
  /**
   * How long the store may take to open, or for one read or write, in ms; then the start of the
   * client fails, or the client crashes. Default: 30 s.
   */
  readonly timeout?: number;
  /** How to find the events that were handled and whose position a kill kept from being written. */
  readonly recovery?: CursorRecovery;
}

const cursorKeys: KeysOf<CursorOptions> = {
  store: true,
  key: true,
  every: true,
  within: true,
  remember: true,
  dedupe: true,
  timeout: true,
  recovery: true,
};

/** A store with the default options, or the options. */
export type Cursor = CursorStore | CursorOptions;

/**
 * For a program that puts each event into an output of its own, such as a file: how to read back,
 * after a crash, the events that this output holds and the cursor does not know.
 */
export interface CursorRecovery {
  /**
   * How far the output is, as a value that JSON can hold: the size of a file, for example. It is
   * kept with the position. Called when no handler is running, so the mark never lies behind an
   * event that is not in the position.
   */
  mark(): unknown;
  /**
   * The events in the output after `mark`, oldest first; the client starts behind them. Called once
   * when a client starts, with the last mark that was kept, or `undefined` if there is none. Events
   * that the position includes already may be among them.
   */
  handledSince(mark: unknown): readonly HandledEvent[];
}

/** As much of a handled event as the position needs. */
export interface HandledEvent extends Pick<ServerSentEvent, 'id' | 'lastEventId'> {
  /** The position that `cursorOf` took from it, if it did. */
  readonly cursor?: string;
}

/** Options whose key is known, with `cursorOf` of the client. */
export type KeyedCursorOptions = CursorOptions & {
  readonly key: string;
  readonly cursorOf?: CursorOf | undefined;
};

/** How a client finds its position, and where it is kept. */
export interface PositionOptions {
  readonly cursor: KeyedCursorOptions | undefined;
  readonly cursorOf: CursorOf | undefined;
}

/**
 * Checks the options, and adds `key` where they have none.
 * @throws TypeError if there is no store or no key; RangeError if a number is out of range.
 */
export function cursorOptions(cursor: Cursor, key: string | undefined): KeyedCursorOptions {
  const options: CursorOptions = isStore(cursor) ? { store: cursor } : cursor;
  assertKnownKeys('cursor', options, cursorKeys);
  const { store, key: ownKey = key } = options;
  if (!isStore(store)) {
    throw new TypeError(`Expected cursor to be a store with get and set, got ${describe(cursor)}`);
  }
  if (typeof ownKey !== 'string' || ownKey === '') {
    throw new TypeError('Expected cursor.key to be a string, got none, nor an id or a name to use');
  }
  const { every = 1, within = 1, remember = 1, timeout = 1 } = options;
  for (const [name, number] of Object.entries({ every, within, remember, timeout })) {
    if (!(typeof number === 'number' && number > 0)) {
      throw new RangeError(`Expected cursor.${name} to be above 0, got ${describe(number)}`);
    }
  }
  if (!Number.isSafeInteger(remember)) {
    throw new RangeError(
      `Expected cursor.remember to be a whole number, got ${describe(remember)}`,
    );
  }
  return { ...options, key: ownKey };
}

/** The default of `CursorOptions.timeout`, in ms. */
export const defaultTimeout = 30_000;
