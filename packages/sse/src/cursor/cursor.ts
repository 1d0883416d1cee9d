import type { ServerSentEvent } from '../format/event.ts';
import type { ConnectFailure } from '../http/failure.ts';
import { isRefusalOf } from '../http/last-event-id.ts';
import { describeRefused, isThenable, settle } from '../maybe-promise.ts';
import type { FailedAttempts } from './failed-attempts.ts';
import { lastWriting, takeKey } from './keys-in-use.ts';
import type { CursorRecovery, HandledEvent, KeyedCursorOptions } from './options.ts';
import { type CursorOf, OwnPlace } from './own-place.ts';
import {
  formatPosition,
  isEventId,
  parsePosition,
  type Position,
  positionAfter,
} from './position.ts';
import { RecentIds } from './recent-ids.ts';
import { StoreCalls } from './store-calls.ts';
import type { CursorStore, StagedWrite } from './store.ts';
import { type CursorOwner, WriteSchedule } from './write-schedule.ts';

/** Where a client with a cursor begins, reported before anything else; and what a server did. */
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
 * if the store cannot be used, if another client of this program uses the key, or if what is kept
 * there is not a position.
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
  { key, recovery, remember = rememberedIds, cursorOf }: KeyedCursorOptions,
  calls: StoreCalls,
  signal: AbortSignal,
): Promise<Position | undefined> {
  const kept = parsePosition(key, await calls.read());
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
  await calls.write(formatPosition(marked));
  signal.throwIfAborted();
  return marked;
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
  /** Whether the next event may show that the server ignored the cursor. */
  isUntested = false;
  readonly #options: KeyedCursorOptions;
  readonly #isStaging: boolean;
  readonly #dedupe: boolean;
  readonly #calls: StoreCalls;
  readonly #leave: Opened['leave'];
  readonly #schedule: WriteSchedule;
  readonly #recent: RecentIds;
  readonly #own: OwnPlace | undefined;
  #lastEventId: string | undefined;
  #kept: string | undefined;
  #mark: unknown;
  #failed: FailedAttempts | undefined;
  /** Whether requests go without the id and the position, since the server has refused them. */
  #isLeftOut = false;
  #staged: StagedWrite | undefined = undefined;
  #isReleased = false;

  constructor(options: KeyedCursorOptions, { owner, calls, position, leave }: Opened) {
    const { store, dedupe = false, every = dedupe ? 1 : 1000, within = 1000 } = options;
    const { cursorOf, remember = rememberedIds } = options;
    this.#options = options;
    this.#isStaging = every <= 1 && store.stage !== undefined;
    this.#dedupe = dedupe;
    this.#calls = calls;
    this.#leave = leave;
    this.#schedule = new WriteSchedule({ every, within, owner, write: () => this.#write() });
    this.#recent = new RecentIds(position?.recent ?? [], remember, dedupe);
    this.#own = cursorOf && new OwnPlace(cursorOf, position ?? {}, dedupe ? remember : 0);
    this.#lastEventId = position?.lastEventId;
    this.#kept = position?.cursor ?? position?.lastEventId;
    this.#mark = position?.mark;
    this.#failed = position?.failed;
    this.report = reportOn(position, this.#own);
  }

  /**
   * The id that a new connection asks for; `undefined` if the cursor does not know one, or is kept
   * nowhere.
   */
  get lastEventId(): string | undefined {
    if (this.#options.store === nowhere) {
      return undefined;
    }
    return this.#isLeftOut ? '' : this.#lastEventId;
  }

  /** The position that a new connection asks for, `""` for none; `undefined` without `cursorOf`. */
  get cursor(): string | undefined {
    return this.#own && (this.#isLeftOut ? '' : this.#own.cursor);
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
    this.#own?.begin();
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
    if (wasLeftOut && this.#own !== undefined) {
      this.#own.reset();
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
    return this.#own?.failureOf(event);
  }

  /** Whether to drop the event, since it has been handled before. */
  isRepeat(event: ServerSentEvent): boolean {
    if (!this.#dedupe) {
      return false;
    }
    return this.#own === undefined
      ? isEventId(event.id) && this.#recent.has(event.id)
      : this.#own.isRepeat(event, this.#recent);
  }

  /**
   * A report if the first event of a connection shows that the server ignored the cursor. An event
   * that brings the very position asked for shows nothing: a server repeats it while it is idle.
   */
  judge(event: ServerSentEvent): CursorReport | undefined {
    this.isUntested = false;
    const id = this.#nameOf(event);
    const lastEventId = this.#lastEventId ?? '';
    const cursor = this.#own?.cursor;
    const isIgnored = isEventId(id) && id !== cursor && this.#recent.has(id);
    if (!isIgnored || (cursor ?? lastEventId) === '') {
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
    if (this.#isBehind(event)) {
      return this.#stay();
    }
    if (this.#isAt(event)) {
      // An equal text, perhaps another copy of it: the same copy as in the next event compares by
      // its address, without a look at its characters.
      this.#lastEventId = event.lastEventId;
      this.#own?.pass(event);
      return this.#stay();
    }
    this.#remember(this.#newNameOf(event));
    this.#own?.pass(event);
    return this.#move(event.lastEventId);
  }

  /**
   * Prepares the write of an event that is about to be handled, where each event is written and the
   * store can do that. The caller commits or rolls back before it does anything else. `undefined`
   * if the caller must call `handled` instead.
   */
  stage(event: ServerSentEvent): StagedWrite | undefined {
    const isMove = this.#isStaging && !this.#isReleased && !this.#isAt(event);
    return isMove && !this.#isBehind(event) ? this.#stage(event) : undefined;
  }

  /**
   * Whether the event has no id of its own and comes after one that was handled before: a server
   * repeats itself, and with `dedupe` the cursor does not go back with it.
   */
  #isBehind({ id, lastEventId }: ServerSentEvent): boolean {
    return this.#dedupe && !isEventId(id) && this.#isPassed(lastEventId);
  }

  /** No ids are remembered with `cursorOf`. */
  #isPassed(lastEventId: string): boolean {
    const isOther = this.#own === undefined && lastEventId !== this.#lastEventId;
    return isOther && this.#recent.has(lastEventId);
  }

  /**
   * Whether the event leaves the position unchanged. Without this check a server could send one
   * huge id once, and then short events without an id that each make the client write it again.
   */
  #isAt(event: ServerSentEvent): boolean {
    const isAt = this.#own === undefined ? !isEventId(event.id) : this.#own.isAt(event);
    return isAt && event.lastEventId === this.#lastEventId;
  }

  /** The name by which the event is recognized: its id, or with `cursorOf` its position. */
  #nameOf(event: ServerSentEvent): string | null {
    return this.#own === undefined ? event.id : (this.#own.positionOf(event) ?? null);
  }

  /** The same to be remembered: not the current position, which a control event repeats. */
  #newNameOf(event: ServerSentEvent): string | null {
    const name = this.#nameOf(event);
    return name === this.#own?.cursor ? null : name;
  }

  #stage(event: ServerSentEvent): StagedWrite | undefined {
    const { store, key, recovery } = this.#options;
    const { lastEventId } = event;
    const name = this.#newNameOf(event);
    this.#mark = markOf(recovery);
    const recent = this.#recent.list(isEventId(name) ? name : undefined);
    const position = { lastEventId, recent, mark: this.#mark, ...this.#own?.keptAfter(event) };
    const staged = store.stage?.(key, formatPosition(position));
    this.#staged = staged;
    return (
      staged && {
        commit: () => {
          if (this.#endStaged(staged)) {
            staged.commit();
            this.#lastEventId = lastEventId;
            this.#failed = undefined;
            this.#remember(name);
            this.#own?.pass(event);
            this.#kept = this.#own?.cursor ?? lastEventId;
          }
        },
        rollback: () => {
          if (this.#endStaged(staged)) {
            staged.rollback();
          }
        },
      }
    );
  }

  /** False if the client has ended within its handler: then the write was rolled back. */
  #endStaged(staged: StagedWrite): boolean {
    const isOpen = this.#staged === staged;
    this.#staged = undefined;
    return isOpen;
  }

  /**
   * Moves past ids that came without an event, once all events before them are handled. With
   * `dedupe` these may be the ids of events that were dropped, which the cursor has passed before.
   */
  caughtUp(lastEventId: string): Promise<undefined> | undefined {
    const isMove = lastEventId !== (this.#lastEventId ?? '');
    return isMove && !(this.#dedupe && this.#isPassed(lastEventId))
      ? this.#move(lastEventId)
      : undefined;
  }

  /** Since when an answer of the store is awaited; `undefined` if none is. */
  get pendingSince(): number | undefined {
    return this.#calls.pendingSince;
  }

  /** Writes what is not written yet, and waits until all of it is. */
  flush(): Promise<void> {
    return this.#schedule.flush();
  }

  /** Writes the rest and frees the key, at once if the store is synchronous. Idempotent. */
  release(): void {
    if (!this.#isReleased) {
      this.#isReleased = true;
      this.#staged?.rollback();
      this.#staged = undefined;
      this.#leave(this.#schedule.end());
    }
  }

  /** Where nothing is kept, no id is asked for; each would hold its packet in memory. */
  #remember(id: string | null): void {
    if (isEventId(id) && this.#options.store !== nowhere) {
      this.#recent.add(id);
    }
  }

  /** The position stays as it is. An event that has failed before is handled now. */
  #stay(): Promise<undefined> | undefined {
    return this.#failed === undefined ? undefined : this.#move(this.#lastEventId ?? '');
  }

  #move(lastEventId: string): Promise<undefined> | undefined {
    if (this.#isReleased) {
      return undefined;
    }
    this.#lastEventId = lastEventId;
    this.#failed = undefined;
    // Now and not when it is written: then the next event may be half handled.
    this.#mark = markOf(this.#options.recovery);
    return this.#schedule.moved();
  }

  #write(): Promise<undefined> | undefined {
    const recent = this.#recent.list();
    const position = { lastEventId: this.#lastEventId, recent, mark: this.#mark };
    const failed = this.#failed;
    const kept = this.#own?.cursor ?? this.#lastEventId;
    const writing = this.#calls.write(formatPosition({ ...position, failed, ...this.#own?.kept }));
    if (writing === undefined) {
      this.#kept = kept;
      return undefined;
    }
    return writing.then(() => {
      this.#kept = kept;
      return undefined;
    });
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
