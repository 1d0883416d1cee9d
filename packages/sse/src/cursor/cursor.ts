import type { ServerSentEvent } from '../format/event.ts';
import type { FailedAttempts } from './failed-attempts.ts';
import { lastWriting, leaveKey, takeKey } from './keys-in-use.ts';
import type { KeyedCursorOptions } from './options.ts';
import {
  formatPosition,
  isEventId,
  parsePosition,
  type Position,
  positionAfter,
} from './position.ts';
import { RecentIds } from './recent-ids.ts';
import { readStore, type StagedWrite, writeStore } from './store.ts';
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
 */
export async function openCursor(
  options: KeyedCursorOptions,
  owner: CursorOwner,
): Promise<CursorWriter> {
  const { store } = options;
  store.open?.();
  try {
    await lastWriting(options);
    takeKey(options);
  } catch (error) {
    store.close?.();
    throw error;
  }
  const release = (writing?: Promise<void>): void => {
    leaveKey(options, writing);
  };
  try {
    return new CursorWriter(options, owner, await readPosition(options), release);
  } catch (error) {
    release();
    throw error;
  }
}

/** The position that was kept, and the events that `recovery` finds behind it. */
async function readPosition({
  store,
  key,
  recovery,
  remember = rememberedIds,
}: KeyedCursorOptions): Promise<Position | undefined> {
  const kept = parsePosition(key, await readStore(store, key));
  if (recovery === undefined) {
    return kept;
  }
  const position = positionAfter(kept, recovery.handledSince(kept?.mark), remember);
  if (position === undefined) {
    return undefined;
  }
  const marked = { ...position, mark: recovery.mark() };
  // Written at once: the next start may not find that output any more.
  await writeStore(store, key, formatPosition(marked));
  return marked;
}

/** The default of `CursorOptions.remember`. */
const rememberedIds = 256;

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
  readonly #release: (writing?: Promise<void>) => void;
  readonly #schedule: WriteSchedule;
  readonly #recent: RecentIds;
  #lastEventId: string | undefined;
  #mark: unknown;
  #failed: FailedAttempts | undefined;
  #isReleased = false;

  constructor(
    options: KeyedCursorOptions,
    owner: CursorOwner,
    position: Position | undefined,
    release: (writing?: Promise<void>) => void,
  ) {
    const { store, dedupe = false, every = dedupe ? 1 : 1000, within = 1000 } = options;
    this.#options = options;
    this.#isStaging = every <= 1 && store.stage !== undefined;
    this.#dedupe = dedupe;
    this.#release = release;
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
    return this.#lastEventId;
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

  /** Moves past a handled event. The next event must wait for the promise, if there is one. */
  handled(event: ServerSentEvent): Promise<undefined> | undefined {
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
    return this.#isStaging && !this.#isReleased && !this.#isAt(event)
      ? this.#stage(event)
      : undefined;
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
    return (
      staged && {
        commit: () => {
          staged.commit();
          this.#lastEventId = lastEventId;
          this.#failed = undefined;
          this.#remember(id);
        },
        rollback: () => {
          staged.rollback();
        },
      }
    );
  }

  /** Moves past ids that came without an event, once all events before them are handled. */
  caughtUp(lastEventId: string): Promise<undefined> | undefined {
    return lastEventId === (this.#lastEventId ?? '') ? undefined : this.#move(lastEventId);
  }

  /** Writes what is not written yet, and waits until all of it is. */
  flush(): Promise<void> {
    return this.#schedule.flush();
  }

  /** Writes the rest and frees the key, at once if the store is synchronous. Idempotent. */
  release(): void {
    if (!this.#isReleased) {
      this.#isReleased = true;
      this.#release(this.#schedule.end());
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
    const { store, key } = this.#options;
    const recent = this.#recent.list();
    const position = { lastEventId: this.#lastEventId, recent, mark: this.#mark };
    return writeStore(store, key, formatPosition({ ...position, failed: this.#failed }));
  }
}
