import type { ServerSentEvent } from '../format/event.ts';
import type { ConnectFailure } from '../http/failure.ts';
import { isRefusalOf } from '../http/last-event-id.ts';
import { describeRefused, isThenable, settle } from '../maybe-promise.ts';
import type { FailedAttempts } from './failed-attempts.ts';
import { lastWriting, takeKey } from './keys-in-use.ts';
import type { CursorRecovery, HandledEvent, KeyedCursorOptions } from './options.ts';
import { type CursorOf, OwnPlace } from './own-place.ts';
import { Place } from './place.ts';
import {
  formatPosition,
  formatRecent,
  parsePosition,
  parseSplit,
  type Position,
  positionAfter,
} from './position.ts';
import { RecentIds } from './recent-ids.ts';
import { StoreCalls } from './store-calls.ts';
import type { CursorStore } from './store.ts';
import { TransactionCall } from './transaction-call.ts';
import { type CursorOwner, WriteSchedule } from './write-schedule.ts';

/**
 * Where a client with a cursor begins, reported before anything else; or where a server has begun
 * instead.
 */
export type CursorReport =
  /** Nothing was kept: it begins where the server does. */
  | { readonly type: 'fresh' }
  /** It begins after this id; with `cursorOf` after the position `cursor`, `""` for none. */
  | { readonly type: 'resumed'; readonly lastEventId: string; readonly cursor?: string }
  /**
   * It asked for the events after `lastEventId`, and the server began with `id`, which has been
   * handled before: events in between may be missing, or come twice. With `cursorOf` it asked for
   * the events after `cursor`, and `id` is a position too.
   */
  | {
      readonly type: 'ignored';
      readonly lastEventId: string;
      readonly id: string;
      readonly cursor?: string;
    };

/**
 * Takes the key and reads the position, after the last write of the client before is done. Rejects
 * if the store cannot be used, if another client of this program uses the key, or if the value that
 * is kept there is no position.
 *
 * An owner that ends meanwhile has no claim to the key: it is free for the next client at once, and
 * is neither taken nor written any more.
 */
export async function openCursor(
  options: KeyedCursorOptions,
  owner: CursorOwner,
): Promise<CursorWriter> {
  const { store } = options;
  const calls = new StoreCalls(options, owner);
  const close = (): void => {
    settle(
      () => store.close?.(),
      (error) => {
        owner.warn(error, 'the store of its cursor could not be closed');
      },
    );
  };
  await calls.open(close);
  let leave: ReturnType<typeof takeKey>;
  try {
    await lastWriting(options);
    owner.signal.throwIfAborted();
    leave = takeKey(options, close);
  } catch (error) {
    close();
    throw error;
  }
  const abandon = (): void => {
    leave(calls.writing);
  };
  owner.signal.addEventListener('abort', abandon);
  try {
    const position = await readPosition(options, calls, owner.signal);
    return new CursorWriter(options, { owner, calls, position, leave });
  } catch (error) {
    abandon();
    throw error;
  } finally {
    owner.signal.removeEventListener('abort', abandon);
  }
}

/**
 * A cursor that is kept nowhere: it knows the positions that `cursorOf` finds, for as long as the
 * client lives.
 */
export function unkeptCursor(cursorOf: CursorOf, owner: CursorOwner): CursorWriter {
  const options = { store: nowhere, key: '', every: Infinity, within: Infinity, cursorOf };
  const calls = new StoreCalls(options, owner);
  return new CursorWriter(options, { owner, calls, position: undefined, leave: () => undefined });
}

const nowhere: CursorStore = { get: () => undefined, set: () => undefined };

/** The position that was kept, and the events that `recovery` finds behind it. */
async function readPosition(
  { store, key, recovery, remember = rememberedIds, cursorOf }: KeyedCursorOptions,
  calls: StoreCalls,
  signal: AbortSignal,
): Promise<Position | undefined> {
  const parse = store.setWithRecent === undefined ? parsePosition : parseSplit;
  const kept = parse(key, await calls.read());
  signal.throwIfAborted();
  if (recovery === undefined) {
    return kept;
  }
  const handled = recovery.handledSince(kept?.mark);
  const events = cursorOf === undefined ? handled : handled.map(withPositionAsId);
  const position = positionAfter(kept, events, remember);
  if (position === undefined) {
    return undefined;
  }
  const marked = { ...position, mark: markOf(recovery) };
  // Written at once: the next start may not find that output any more.
  await calls.write(...textsOf(marked, store));
  signal.throwIfAborted();
  return marked;
}

/** The text of a position, and that of its ids for a store that keeps them apart. */
function textsOf(position: Position, store: CursorStore): readonly [string, string?] {
  return store.setWithRecent === undefined
    ? [formatPosition(position)]
    : [formatPosition({ ...position, recent: [] }), formatRecent(position.recent)];
}

/** @throws TypeError for a promise, of which JSON would keep nothing. */
function markOf(recovery: CursorRecovery | undefined): unknown {
  const mark = recovery?.mark();
  if (isThenable(mark)) {
    throw new TypeError(`Expected mark to return a value for JSON, got ${describeRefused(mark)}`);
  }
  return mark;
}

function withPositionAsId(event: HandledEvent): HandledEvent {
  return { ...event, id: event.cursor ?? null };
}

/** The default of `CursorOptions.remember`. */
const rememberedIds = 256;

/** A cursor whose key is taken and whose position is read. */
interface Opened {
  readonly owner: CursorOwner;
  readonly calls: StoreCalls;
  readonly position: Position | undefined;
  readonly leave: (writing?: Promise<void>) => void;
}

/**
 * The cursor of a client. It moves past events that have been handled, never further, and is
 * written from time to time. After a kill, the events since the last write are handled again: at
 * most `every` of them, or twice as many if the store is slow; the client waits for a store that is
 * slower than that.
 */
export class CursorWriter {
  readonly report: CursorReport;
  /** Whether events are handled in transactions of the store: by `ahead` and `transact`. */
  readonly isTransacting: boolean;
  /**
   * Whether a transaction has failed in the store, which may have committed it nevertheless.
   * Nothing is written any more: it could move the kept position back. The next client reads that.
   */
  isLost = false;
  /** Whether the next event may show that the server ignored the cursor. */
  isUntested = false;
  readonly #options: KeyedCursorOptions;
  readonly #owner: CursorOwner;
  readonly #calls: StoreCalls;
  readonly #leave: Opened['leave'];
  readonly #schedule: WriteSchedule;
  readonly #place: Place;
  readonly #dedupe: boolean;
  #kept: string | undefined;
  #mark: unknown;
  #failed: FailedAttempts | undefined;
  /** The ids that a store with `setWithRecent` has, as it was given them. */
  #recentText: string | undefined = undefined;
  /** Whether the store has older ids than those of its position. */
  #isRecentBehind = false;
  /** Whether requests go without the id and the position, since the server has refused them. */
  #isLeftOut = false;
  /** The events that are handled in a transaction now. */
  #transaction: TransactionCall | undefined = undefined;
  #isReleased = false;

  constructor(options: KeyedCursorOptions, { owner, calls, position, leave }: Opened) {
    const { store, dedupe = false, every = dedupe ? 1 : 1000, within = 1000 } = options;
    const { cursorOf, remember = rememberedIds } = options;
    this.#options = options;
    this.#owner = owner;
    this.isTransacting = every <= 1 && store.transaction !== undefined;
    this.#dedupe = dedupe;
    this.#calls = calls;
    this.#leave = leave;
    this.#schedule = new WriteSchedule({ every, within, owner, write: () => this.#write() });
    const own = cursorOf && new OwnPlace(cursorOf, position ?? {}, dedupe ? remember : 0);
    this.#place = new Place({
      lastEventId: position?.lastEventId,
      recent: new RecentIds(position?.recent ?? [], remember, dedupe),
      own,
      dedupe,
      remembers: store !== nowhere,
    });
    this.#kept = position?.cursor ?? position?.lastEventId;
    this.#mark = position?.mark;
    this.#failed = position?.failed;
    this.report = reportOn(position, own);
  }

  /**
   * The id that a new connection asks for; `undefined` if the cursor does not know one, or is kept
   * nowhere.
   */
  get lastEventId(): string | undefined {
    if (this.#options.store === nowhere) {
      return undefined;
    }
    return this.#isLeftOut ? '' : this.#place.lastEventId;
  }

  /** The position that a new connection asks for, `""` for none; `undefined` without `cursorOf`. */
  get cursor(): string | undefined {
    const { cursor } = this.#place;
    return cursor !== undefined && this.#isLeftOut ? '' : cursor;
  }

  /** The last id that the store has, or with `cursorOf` the position. */
  get kept(): string | undefined {
    return this.#options.store === nowhere ? undefined : this.#kept;
  }

  /** How many moves the store does not have yet. */
  get unwritten(): number {
    return this.#options.store === nowhere ? 0 : this.#schedule.unwritten;
  }

  /** A connection begins. */
  begin(): void {
    this.isUntested = this.lastEventId !== undefined;
    this.#place.begin();
  }

  /** An attempt has failed. If the length of the id may be the reason, the next go without it. */
  refused(failure: ConnectFailure): void {
    const { lastEventId = '', cursor = '' } = this;
    this.#isLeftOut ||= isRefusalOf(lastEventId, failure) || isRefusalOf(cursor, failure);
  }

  /**
   * A connection is made. If the id was left out, it was the reason of the refusal, and is given up
   * for good: it would be refused again after each restart.
   */
  connected(): Promise<undefined> | undefined {
    const wasLeftOut = this.#isLeftOut;
    this.#isLeftOut = false;
    if (wasLeftOut && this.cursor !== undefined) {
      this.#place.reset();
      return this.#move('');
    }
    return wasLeftOut ? this.caughtUp('') : undefined;
  }

  /** The event that comes next, if it has failed. */
  get failed(): FailedAttempts | undefined {
    return this.#failed;
  }

  /** Writes at once how often the next event has failed: a crash may follow. */
  async keepFailed(failed: FailedAttempts): Promise<void> {
    if (!this.#isReleased) {
      this.#failed = failed;
      await this.#schedule.writeNow();
    }
  }

  /** A rejection with the error of `cursorOf` for this event; `undefined` if there is none. */
  failureOf(event: ServerSentEvent): Promise<never> | undefined {
    return this.#place.failureOf(event);
  }

  /** Whether `cursorOf` fails for this event. */
  fails(event: ServerSentEvent): boolean {
    return this.#place.fails(event);
  }

  /** Whether to drop the event, since it has been handled before. */
  isRepeat(event: ServerSentEvent): boolean {
    return this.#dedupe && this.#place.isRepeat(event);
  }

  /**
   * A report if the first event of a connection shows that the server ignored the cursor. An event
   * that brings the very position asked for shows nothing: a server repeats it while it is idle.
   */
  judge(event: ServerSentEvent): CursorReport | undefined {
    this.isUntested = false;
    const id = this.#place.knownNameOf(event);
    const { lastEventId = '', cursor } = this.#place;
    if (id === undefined || (cursor ?? lastEventId) === '') {
      return undefined;
    }
    return { type: 'ignored', lastEventId, id, ...(cursor === undefined ? {} : { cursor }) };
  }

  /**
   * Moves past a handled event. The next event must wait for the promise, if there is one. Does
   * nothing once the client has ended: a handler that sees its signal abort may return without its
   * work, so nothing that it does after that counts as handled.
   */
  handled(event: ServerSentEvent): Promise<undefined> | undefined {
    if (this.#isReleased) {
      return undefined;
    }
    const isMove = this.#place.pass(event);
    return isMove ? this.#moved(1) : this.#stay();
  }

  /** Moves past an event that is about to be handled; `transact`, `settle` or `undo` follows. */
  ahead(event: ServerSentEvent): void {
    this.#place.ahead(event);
  }

  /** The events are handled. The next one must wait for the promise, if there is one. */
  settle(): Promise<undefined> | undefined {
    if (this.#isReleased) {
      return undefined;
    }
    const moves = this.#place.movesAhead;
    this.#place.settle();
    return moves === 0 ? this.#stay() : this.#moved(moves);
  }

  /** They have failed: the cursor is where it was. */
  undo(): void {
    this.#place.undo();
  }

  /**
   * Calls the handler of the events that it was moved past, in a transaction of the store. Has the
   * handler's result once the transaction is committed; a promise only if the handler or the store
   * is asynchronous. Throws or rejects with the error of the handler, and then the cursor is where
   * it was; or with that of the store, and then the cursor `isLost`.
   */
  transact(handle: () => unknown): unknown {
    const call = new TransactionCall(this.#options, this.#owner, handle);
    this.#transaction = call;
    try {
      const result = call.run(this.#textAhead());
      return isThenable(result) ? this.#transacted(call, result) : this.#committed(result);
    } catch (error) {
      throw this.#undone(call, error);
    }
  }

  async #transacted(call: TransactionCall, result: Promise<unknown>): Promise<unknown> {
    try {
      return this.#committed(await result);
    } catch (error) {
      throw this.#undone(call, error);
    }
  }

  /** The position after the events, as the transaction writes it; `undefined` if it stays. */
  #textAhead(): string | undefined {
    const { store, recovery } = this.#options;
    if (this.#place.movesAhead === 0 && this.#failed === undefined) {
      return undefined;
    }
    this.#mark = markOf(recovery);
    return textsOf({ ...this.#place.keptAhead, mark: this.#mark }, store)[0];
  }

  #committed(result: unknown): unknown {
    this.#isRecentBehind ||= this.#options.store.setWithRecent !== undefined;
    this.#place.settle();
    this.#failed = undefined;
    this.#kept = this.#place.cursor ?? this.#place.lastEventId;
    this.#endTransaction();
    return result;
  }

  #undone({ failure }: TransactionCall, error: unknown): unknown {
    this.#place.undo();
    this.isLost = failure === undefined;
    this.#endTransaction();
    return failure === undefined ? error : failure.error;
  }

  /** A handler may have ended its own client: then the key is free only now. */
  #endTransaction(): void {
    this.#transaction = undefined;
    if (this.#isReleased) {
      this.#leave();
    }
  }

  /**
   * Moves past ids that came without an event, once all events before them are handled. With
   * `dedupe` these may be the ids of events that were dropped, which the cursor has passed before.
   */
  caughtUp(lastEventId: string): Promise<undefined> | undefined {
    const isMove = lastEventId !== (this.#place.lastEventId ?? '');
    return isMove && !(this.#dedupe && this.#place.isPassed(lastEventId))
      ? this.#move(lastEventId)
      : undefined;
  }

  /** Since when an answer of the store is awaited; `undefined` if none is. */
  get pendingSince(): number | undefined {
    return this.#transaction?.pendingSince ?? this.#calls.pendingSince;
  }

  /** Writes the positions that are not written yet, and waits until all of them are. */
  async flush(): Promise<void> {
    if (!this.isLost) {
      await (this.#isRecentBehind ? this.#schedule.writeNow() : this.#schedule.flush());
    }
  }

  /**
   * Writes the rest and frees the key, at once if the store is synchronous. A transaction under way
   * is given up; nothing is written after it, since it may be committed nevertheless. Idempotent.
   */
  release(): void {
    if (this.#isReleased) {
      return;
    }
    this.#isReleased = true;
    if (this.#transaction === undefined) {
      this.#leave(this.isLost ? undefined : this.#schedule.end());
    } else if (this.#transaction.settled !== undefined) {
      this.#transaction.abandon();
      this.#leave(this.#transaction.settled);
    }
  }

  /** The position stays as it is. An event that has failed before is handled now. */
  #stay(): Promise<undefined> | undefined {
    return this.#failed === undefined ? undefined : this.#move(this.#place.lastEventId ?? '');
  }

  #move(lastEventId: string): Promise<undefined> | undefined {
    if (this.#isReleased) {
      return undefined;
    }
    this.#place.setId(lastEventId);
    return this.#moved(1);
  }

  #moved(events: number): Promise<undefined> | undefined {
    this.#failed = undefined;
    // Now and not when it is written: then the next event may be half handled.
    this.#mark = markOf(this.#options.recovery);
    return this.#schedule.moved(events);
  }

  #write(): Promise<undefined> | undefined {
    const { store } = this.#options;
    const kept = this.#place.cursor ?? this.#place.lastEventId;
    const position = { ...this.#place.kept, mark: this.#mark, failed: this.#failed };
    const [text, recent] = textsOf(position, store);
    const writing = this.#calls.write(text, recent === this.#recentText ? undefined : recent);
    if (writing === undefined) {
      this.#written(kept, recent);
      return undefined;
    }
    return writing.then(() => {
      this.#written(kept, recent);
      return undefined;
    });
  }

  #written(kept: string | undefined, recent: string | undefined): void {
    this.#kept = kept;
    this.#recentText = recent;
    this.#isRecentBehind = false;
  }
}

function reportOn(position: Position | undefined, own: OwnPlace | undefined): CursorReport {
  const { lastEventId } = position ?? {};
  if (own === undefined) {
    return lastEventId === undefined ? { type: 'fresh' } : { type: 'resumed', lastEventId };
  }
  return position === undefined
    ? { type: 'fresh' }
    : { type: 'resumed', lastEventId: lastEventId ?? '', cursor: own.cursor };
}
