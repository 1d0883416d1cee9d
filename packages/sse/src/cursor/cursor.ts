import type { ServerSentEvent } from '../format/event.ts';
import type { FailedAttempts } from './failed-attempts.ts';
import { lastWriting, takeKey } from './keys-in-use.ts';
import type { KeyedCursorOptions } from './options.ts';
import {
  formatPosition,
  isEventId,
  parsePosition,
  type Position,
  positionAfter,
} from './position.ts';
import { RecentIds } from './recent-ids.ts';
import { StoreCalls } from './store-calls.ts';
import type { StagedWrite } from './store.ts';
import { type CursorOwner, WriteSchedule } from './write-schedule.ts';

/** Where a client with a cursor begins, reported before anything else; and what a server did. */
export type CursorReport =
  /** Nothing was kept: it begins where the server does. */
  | { readonly type: 'fresh' }
  /** It begins after this id. */
  | { readonly type: 'resumed'; readonly lastEventId: string }
  /**
   * It asked for the events after `lastEventId`, and the server began with `id`, which has been
   * handled before: events in between may be missing, or come twice.
   */
  | { readonly type: 'ignored'; readonly lastEventId: string; readonly id: string };

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
  store.open?.();
  let leave: ReturnType<typeof takeKey>;
  try {
    await lastWriting(options);
    owner.signal.throwIfAborted();
    leave = takeKey(options);
  } catch (error) {
    store.close?.();
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

/** The position that was kept, and the events that `recovery` finds behind it. */
async function readPosition(
  { key, recovery, remember = rememberedIds }: KeyedCursorOptions,
  calls: StoreCalls,
  signal: AbortSignal,
): Promise<Position | undefined> {
  const kept = parsePosition(key, await calls.read());
  signal.throwIfAborted();
  if (recovery === undefined) {
    return kept;
  }
  const position = positionAfter(kept, recovery.handledSince(kept?.mark), remember);
  if (position === undefined) {
    return undefined;
  }
  const marked = { ...position, mark: recovery.mark() };
  // Written at once: the next start may not find that output any more.
  await calls.write(formatPosition(marked));
  signal.throwIfAborted();
  return marked;
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
  readonly #options: KeyedCursorOptions;
  readonly #isStaging: boolean;
  readonly #dedupe: boolean;
  readonly #calls: StoreCalls;
  readonly #leave: Opened['leave'];
  readonly #schedule: WriteSchedule;
  readonly #recent: RecentIds;
  #lastEventId: string | undefined;
  #mark: unknown;
  #failed: FailedAttempts | undefined;
  /** Whether requests go without the id, since the server has refused it. */
  #isLeftOut = false;
  #staged: StagedWrite | undefined = undefined;
  #isReleased = false;

  constructor(options: KeyedCursorOptions, { owner, calls, position, leave }: Opened) {
    const { store, dedupe = false, every = dedupe ? 1 : 1000, within = 1000 } = options;
    this.#options = options;
    this.#isStaging = every <= 1 && store.stage !== undefined;
    this.#dedupe = dedupe;
    this.#calls = calls;
    this.#leave = leave;
    this.#schedule = new WriteSchedule({ every, within, owner, write: () => this.#write() });
    this.#recent = new RecentIds(position?.recent ?? [], options.remember ?? rememberedIds, dedupe);
    this.#lastEventId = position?.lastEventId;
    this.#mark = position?.mark;
    this.#failed = position?.failed;
    this.report =
      this.#lastEventId === undefined
        ? { type: 'fresh' }
        : { type: 'resumed', lastEventId: this.#lastEventId };
  }

  /** The id that a new connection asks for; `undefined` if the cursor does not know one. */
  get lastEventId(): string | undefined {
    return this.#isLeftOut ? '' : this.#lastEventId;
  }

  /** The server has refused a request with this id: the next ones go without it. */
  leaveOut(): void {
    this.#isLeftOut = true;
  }

  /**
   * A connection is made. If the id was left out, it was the reason of the refusal, and is given up
   * for good: it would be refused again after each restart.
   */
  connected(): Promise<undefined> | undefined {
    const wasLeftOut = this.#isLeftOut;
    this.#isLeftOut = false;
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

  /** Whether to drop the event, since it has been handled before. */
  isRepeat({ id }: ServerSentEvent): boolean {
    return this.#dedupe && isEventId(id) && this.#recent.has(id);
  }

  /** A report if the first event of a connection shows that the server ignored the cursor. */
  judge({ id }: ServerSentEvent): CursorReport | undefined {
    const lastEventId = this.#lastEventId;
    return isEventId(id) && this.#recent.has(id) && lastEventId !== undefined && lastEventId !== ''
      ? { type: 'ignored', lastEventId, id }
      : undefined;
  }

  /**
   * Moves past a handled event. The next event must wait for the promise, if there is one. Does
   * nothing once the client has ended: a handler that sees its signal abort may return without its
   * work, so nothing that it does after that counts as handled.
   */
  handled(event: ServerSentEvent): Promise<undefined> | undefined {
    if (this.#isReleased || this.#isBehind(event)) {
      return undefined;
    }
    if (this.#isAt(event)) {
      // An equal text, perhaps another copy of it: the same copy as in the next event compares by
      // its address, without a look at its characters.
      this.#lastEventId = event.lastEventId;
      return undefined;
    }
    this.#remember(event.id);
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

  #isPassed(lastEventId: string): boolean {
    return lastEventId !== this.#lastEventId && this.#recent.has(lastEventId);
  }

  /**
   * Whether the event leaves the position unchanged. Without this check a server could send one
   * huge id once, and then short events without an id that each make the client write it again.
   */
  #isAt({ id, lastEventId }: ServerSentEvent): boolean {
    return !isEventId(id) && lastEventId === this.#lastEventId;
  }

  #stage({ id, lastEventId }: ServerSentEvent): StagedWrite | undefined {
    const { store, key, recovery } = this.#options;
    this.#mark = recovery?.mark();
    const recent = this.#recent.list(isEventId(id) ? id : undefined);
    const staged = store.stage?.(key, formatPosition({ lastEventId, recent, mark: this.#mark }));
    this.#staged = staged;
    return (
      staged && {
        commit: () => {
          if (this.#endStaged(staged)) {
            staged.commit();
            this.#lastEventId = lastEventId;
            this.#failed = undefined;
            this.#remember(id);
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

  #remember(id: string | null): void {
    if (isEventId(id)) {
      this.#recent.add(id);
    }
  }

  #move(lastEventId: string): Promise<undefined> | undefined {
    if (this.#isReleased) {
      return undefined;
    }
    this.#lastEventId = lastEventId;
    this.#failed = undefined;
    // Now and not when it is written: then the next event may be half handled.
    this.#mark = this.#options.recovery?.mark();
    return this.#schedule.moved();
  }

  #write(): Promise<undefined> | undefined {
    const recent = this.#recent.list();
    const position = { lastEventId: this.#lastEventId, recent, mark: this.#mark };
    return this.#calls.write(formatPosition({ ...position, failed: this.#failed }));
  }
}
