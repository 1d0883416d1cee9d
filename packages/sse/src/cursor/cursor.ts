import { inspect } from 'node:util';

import type { Clock, TimeoutHandle } from '@reprise/actor';

import type { ServerSentEvent } from '../format/event.ts';
import { RecentIds } from './recent-ids.ts';
import { type CursorStore, isStore, readStore, type StagedWrite, writeStore } from './store.ts';

/** How a cursor is kept. */
export interface CursorOptions {
  readonly store: CursorStore;
  /**
   * Under which key. Default: the `id` of the child, the `name` of the client, or the URL of
   * `events`.
   */
  readonly key?: string;
  /** It is written once so many events have been handled since … Default: 1000; 1 with `dedupe`. */
  readonly every?: number;
  /** … or as many ms have passed since the first of them. Default: 1 s. */
  readonly within?: number;
  /** How many ids are known again, of the last events handled. Default: 256. */
  readonly remember?: number;
  /**
   * Whether an event is dropped whose id is one of these. For servers whose ids are unique; with
   * any other it loses events. Default: no.
   */
  readonly dedupe?: boolean;
}

/** A store, or a store and how to use it. */
export type Cursor = CursorStore | CursorOptions;

/**
 * What a client with a cursor begins with, told before anything else; and what a server made of it.
 */
export type CursorReport =
  /** Nothing was kept: it begins where the server does. */
  | { readonly type: 'fresh' }
  /** It goes on from there. */
  | { readonly type: 'resumed'; readonly lastEventId: string }
  /**
   * It asked to go on from there, and the server sent an event that has been handled before: what
   * is between may be missing, or come twice.
   */
  | { readonly type: 'ignored'; readonly lastEventId: string; readonly id: string };

/**
 * What the writer needs of the client: its time, and an end for what cannot be written while
 * nothing happens.
 */
export interface CursorOwner {
  readonly clock: Clock;
  readonly fail: (error: unknown) => void;
  /** The same when there is no client any more to be ended by it. */
  readonly warn: (error: unknown) => void;
}

/**
 * Throws a `TypeError` or `RangeError` for options that can mean nothing.
 * @returns the options, with the key that they have or get.
 */
export function cursorOptions(
  cursor: Cursor,
  key: string | undefined,
): CursorOptions & { readonly key: string } {
  const options: CursorOptions = isStore(cursor) ? { store: cursor } : cursor;
  const { store, every = 1, within = 1, remember = 1, key: ownKey = key } = options ?? {};
  if (!isStore(store)) {
    throw new TypeError('Expected cursor to be a store with get and set, got one without');
  }
  if (typeof ownKey !== 'string' || ownKey === '') {
    throw new TypeError('Expected cursor.key to be a string, got none, nor an id or a name to use');
  }
  for (const [name, number] of Object.entries({ every, within, remember })) {
    if (!(number > 0)) {
      throw new RangeError(`Expected cursor.${name} to be above 0, got ${number}`);
    }
  }
  if (!Number.isSafeInteger(remember)) {
    throw new RangeError(`Expected cursor.remember to be a whole number, got ${remember}`);
  }
  return { ...options, key: ownKey };
}

/**
 * Takes the cursor into use and reads where it stands, once the client before has written it.
 * Rejects if the store cannot be used, if another client of this program uses this key of it, or if
 * what is kept there is no cursor.
 */
export async function openCursor(
  options: CursorOptions & { readonly key: string },
  owner: CursorOwner,
): Promise<CursorWriter> {
  const { store, key } = options;
  store.open?.();
  try {
    await lastWriting(options);
    takeKey(options);
  } catch (error) {
    store.close?.();
    throw error;
  }
  const leave = (writing?: Promise<void>): void => {
    leaveKey(options, writing);
  };
  try {
    return new CursorWriter(options, owner, parse(key, await readStore(store, key)), leave);
  } catch (error) {
    leave();
    throw error;
  }
}

type Key = Pick<CursorOptions, 'store'> & { readonly key: string };

/** By key: the client that uses it, or what one that has ended still writes. */
type KeysInUse = Map<string, 'client' | Promise<void>>;

const keysInUse = new WeakMap<CursorStore, KeysInUse>();

/**
 * Settles when the client before has written this cursor, if there is one that has ended and still
 * does.
 */
export function lastWriting({ store, key }: Key): Promise<void> | undefined {
  const use = keysInUse.get(store)?.get(key);
  return use === 'client' ? undefined : use;
}

function takeKey({ store, key }: Key): void {
  const keys: KeysInUse = keysInUse.get(store) ?? new Map();
  if (keys.has(key)) {
    throw new Error(`Expected the cursor ${key} to be free, got one that another client uses`);
  }
  keysInUse.set(store, keys.set(key, 'client'));
}

/**
 * While it is still written, nobody else has it: the last writing could arrive after the first of
 * the next client, and take the cursor back.
 */
function leaveKey({ store, key }: Key, writing?: Promise<void>): void {
  const keys = keysInUse.get(store);
  const leave = (): void => {
    keys?.delete(key);
    store.close?.();
  };
  if (writing === undefined) {
    leave();
  } else {
    keys?.set(key, writing.then(leave));
  }
}

/** What is kept. */
interface Position {
  readonly lastEventId: string;
  /** The ids of the last events handled, oldest first; of long ones a digest. */
  readonly recent: readonly string[];
}

/**
 * The cursor of a client: it follows the events that have been handled, never those that have not,
 * and is written now and then. When the program is killed, the events since the last writing are
 * handled again: at most `every`, or twice as many where the store takes its time; the client waits
 * for one that takes longer.
 */
export class CursorWriter {
  readonly report: CursorReport;
  readonly #options: CursorOptions & { readonly key: string };
  readonly #every: number;
  readonly #owner: CursorOwner;
  readonly #release: (writing?: Promise<void>) => void;
  readonly #dedupe: boolean;
  readonly #recent: RecentIds;
  #lastEventId: string | undefined;
  #unwritten = 0;
  #timer: TimeoutHandle | undefined = undefined;
  #writing: Promise<undefined> | undefined = undefined;
  #isReleased = false;

  constructor(
    options: CursorOptions & { readonly key: string },
    owner: CursorOwner,
    position: Position | undefined,
    release: (writing?: Promise<void>) => void,
  ) {
    const { dedupe = false, every = dedupe ? 1 : 1000, remember = 256 } = options;
    this.#options = options;
    this.#every = every;
    this.#owner = owner;
    this.#release = release;
    this.#dedupe = dedupe;
    this.#recent = new RecentIds(position?.recent ?? [], remember, dedupe);
    this.#lastEventId = position?.lastEventId;
    this.report =
      position === undefined
        ? { type: 'fresh' }
        : { type: 'resumed', lastEventId: position.lastEventId };
  }

  /** What a new connection goes on from; `undefined` if the cursor has nothing to say. */
  get lastEventId(): string | undefined {
    return this.#lastEventId;
  }

  /** Whether the event is to be dropped, as one that has been handled before. */
  isRepeat({ id }: ServerSentEvent): boolean {
    return this.#dedupe && isName(id) && this.#recent.has(id);
  }

  /** What the first event of a connection says of the server. */
  judge({ id }: ServerSentEvent): CursorReport | undefined {
    const lastEventId = this.#lastEventId;
    return isName(id) && this.#recent.has(id) && lastEventId !== undefined && lastEventId !== ''
      ? { type: 'ignored', lastEventId, id }
      : undefined;
  }

  /** The event has been handled. A promise is to be waited for before the next one is. */
  handled(event: ServerSentEvent): Promise<undefined> | undefined {
    if (this.#isAt(event)) {
      // The same text, perhaps another copy: that of the next event then needs no look at all its
      // characters to be known as the same.
      this.#lastEventId = event.lastEventId;
      return undefined;
    }
    this.#remember(event.id);
    return this.#move(event.lastEventId);
  }

  /**
   * Makes ready for the event to have been handled, where it is to be written at once and the store
   * can: then one of the two follows before anything else. `undefined` where that is not so, and
   * `handled` has to do it.
   */
  stage(event: ServerSentEvent): StagedWrite | undefined {
    if (this.#every > 1 || this.#options.store.stage === undefined || this.#isReleased) {
      return undefined;
    }
    return this.#isAt(event) ? undefined : this.#stage(event);
  }

  /**
   * Whether the event leaves the cursor as it is. A server can make its id long once, and then send
   * short events without one.
   */
  #isAt({ id, lastEventId }: ServerSentEvent): boolean {
    return !isName(id) && lastEventId === this.#lastEventId;
  }

  #stage({ id, lastEventId }: ServerSentEvent): StagedWrite | undefined {
    const { store, key } = this.#options;
    const staged = store.stage?.(key, this.#text(lastEventId, isName(id) ? id : undefined));
    return (
      staged && {
        commit: () => {
          staged.commit();
          this.#lastEventId = lastEventId;
          this.#remember(id);
        },
        rollback: () => {
          staged.rollback();
        },
      }
    );
  }

  /** All events are handled, and ids without an event came after them. */
  caughtUp(lastEventId: string): Promise<undefined> | undefined {
    return lastEventId === (this.#lastEventId ?? '') ? undefined : this.#move(lastEventId);
  }

  /**
   * Writes what is not written yet, and waits for what is being written: who waits for that as well
   * may go on with the rest.
   */
  async flush(): Promise<void> {
    while (this.#writing !== undefined || this.#unwritten > 0) {
      await (this.#writing ?? this.#write());
    }
  }

  /**
   * Writes what is not written yet, at once where the store does that, and lets go of it. Harmless
   * the second time.
   */
  release(): void {
    if (!this.#isReleased) {
      this.#isReleased = true;
      this.#stopTimer();
      this.#release(this.#writeLast());
    }
  }

  /** A client that was killed has not been asked to write. What is returned does not reject. */
  #writeLast(): Promise<void> | undefined {
    const { warn } = this.#owner;
    try {
      const writing = this.#writing ?? (this.#unwritten > 0 ? this.#write() : undefined);
      return writing && this.flush().catch(warn);
    } catch (error) {
      warn(error);
      return undefined;
    }
  }

  #remember(id: string | null): void {
    if (isName(id)) {
      this.#recent.add(id);
    }
  }

  #move(lastEventId: string): Promise<undefined> | undefined {
    if (this.#isReleased) {
      return undefined;
    }
    this.#lastEventId = lastEventId;
    this.#unwritten += 1;
    if (this.#unwritten >= this.#every) {
      return this.#writeNext();
    }
    if (this.#unwritten === 1) {
      this.#startTimer();
    }
    return undefined;
  }

  /** One writing at a time: who comes to the next before the last has ended waits for it. */
  #writeNext(): Promise<undefined> | undefined {
    if (this.#writing !== undefined) {
      return this.#writing.then(() => (this.#unwritten > 0 ? this.#write() : undefined));
    }
    const writing = this.#write();
    return this.#every === 1 ? writing : undefined;
  }

  #write(): Promise<undefined> | undefined {
    this.#stopTimer();
    this.#unwritten = 0;
    const { store, key } = this.#options;
    const pending = writeStore(store, key, this.#text(this.#lastEventId ?? ''));
    if (pending === undefined) {
      return undefined;
    }
    this.#writing = pending.finally(() => (this.#writing = undefined));
    // Whoever waits for it is told as well; but perhaps nobody does.
    this.#writing.catch(this.#owner.fail);
    return this.#writing;
  }

  /** `newest`: an id that is not among those handled yet. */
  #text(lastEventId: string, newest?: string): string {
    const recent = this.#recent.list(newest);
    return JSON.stringify({ lastEventId, recent } satisfies Position);
  }

  #startTimer(): void {
    const { clock, fail } = this.#owner;
    const { within = 1000 } = this.#options;
    this.#timer = clock.setTimeout(() => {
      this.#timer = undefined;
      try {
        // A promise that rejects has told the owner already.
        this.#writeNext()?.catch(() => undefined);
      } catch (error) {
        fail(error);
      }
    }, within);
  }

  #stopTimer(): void {
    if (this.#timer !== undefined) {
      this.#owner.clock.clearTimeout(this.#timer);
      this.#timer = undefined;
    }
  }
}

/**
 * No id at all and the empty one, which takes back the last (WHATWG HTML 9.2.6), are nothing that
 * an event is known by.
 */
function isName(id: string | null): id is string {
  return id !== null && id !== '';
}

function parse(key: string, text: unknown): Position | undefined {
  if (text === undefined) {
    return undefined;
  }
  const position = typeof text === 'string' ? positionIn(text) : undefined;
  if (position === undefined) {
    throw new TypeError(`Expected a cursor under ${key}, got ${inspect(text).slice(0, 100)}`);
  }
  return position;
}

function positionIn(text: string): Position | undefined {
  try {
    const { lastEventId, recent } = JSON.parse(text) as Partial<Position>;
    const isPosition =
      typeof lastEventId === 'string' &&
      Array.isArray(recent) &&
      recent.every((id) => typeof id === 'string');
    return isPosition ? { lastEventId, recent } : undefined;
  } catch {
    return undefined;
  }
}
