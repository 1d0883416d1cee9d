import type { ServerSentEvent } from '../format/event.ts';
import { type OwnPlace, type OwnPosition, type OwnState } from './own-place.ts';
import { isEventId } from './position.ts';
import type { RecentIds } from './recent-ids.ts';

/** The parts of a place. */
interface Parts {
  readonly lastEventId: string | undefined;
  readonly recent: RecentIds;
  /** Only with `cursorOf`. */
  readonly own: OwnPlace | undefined;
  readonly dedupe: boolean;
  /** Whether ids are remembered at all. */
  readonly remembers: boolean;
}

/** The content of a place in a store. */
export interface Kept extends OwnPosition {
  readonly lastEventId: string | undefined;
  readonly recent: readonly string[];
}

/** Where a place was before the events that are being handled. */
interface Before {
  readonly lastEventId: string | undefined;
  readonly own: OwnState | undefined;
  /** How many of those events move it. */
  moves: number;
}

/**
 * Where a client is in its stream: behind the events that it has handled. Nothing is written here.
 * An event is passed once it is handled, or before: `ahead` lets a store write the position in the
 * transaction of the handler, and a batch know its own events; `settle` or `undo` follows.
 */
export class Place {
  readonly #recent: RecentIds;
  readonly #own: OwnPlace | undefined;
  readonly #dedupe: boolean;
  readonly #remembers: boolean;
  #lastEventId: string | undefined;
  #before: Before | undefined = undefined;

  constructor({ lastEventId, recent, own, dedupe, remembers }: Parts) {
    this.#recent = recent;
    this.#own = own;
    this.#dedupe = dedupe;
    this.#remembers = remembers;
    this.#lastEventId = lastEventId;
  }

  /** The id of the last handled event. `cursor` and `kept` belong to that event, too. */
  get lastEventId(): string | undefined {
    return this.#before === undefined ? this.#lastEventId : this.#before.lastEventId;
  }

  /** The position that `cursorOf` has found; `undefined` without `cursorOf`. */
  get cursor(): string | undefined {
    return this.#before === undefined ? this.#own?.cursor : this.#before.own?.cursor;
  }

  get kept(): Kept {
    const recent = this.#recent.list();
    if (this.#before === undefined) {
      return { lastEventId: this.#lastEventId, recent, ...this.#own?.kept };
    }
    const { lastEventId, own } = this.#before;
    return { lastEventId, recent, cursor: own?.cursor, since: own?.since };
  }

  /** The content once the events that are being handled are handled. */
  get keptAhead(): Kept {
    const recent = this.#recent.listAhead();
    return { lastEventId: this.#lastEventId, recent, ...this.#own?.kept };
  }

  /** How many of the events that are being handled move the place. */
  get movesAhead(): number {
    return this.#before?.moves ?? 0;
  }

  /** A connection begins. */
  begin(): void {
    this.#own?.begin();
  }

  /** The position is given up. */
  reset(): void {
    this.#own?.reset();
    this.#lastEventId = '';
  }

  /** Takes an id that has come without an event. */
  setId(lastEventId: string): void {
    this.#lastEventId = lastEventId;
  }

  /** A rejection with the error of `cursorOf` for this event; `undefined` if there is none. */
  failureOf(event: ServerSentEvent): Promise<never> | undefined {
    return this.#own?.failureOf(event);
  }

  /** Whether `cursorOf` fails for this event. */
  fails(event: ServerSentEvent): boolean {
    return this.#own !== undefined && this.#own.fails(event);
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
   * The name of an event that has been handled before; `undefined` for any other event, and for the
   * current position, which a server repeats while it is idle.
   */
  knownNameOf(event: ServerSentEvent): string | undefined {
    const name = this.#nameOf(event);
    return isEventId(name) && name !== this.#own?.cursor && this.#recent.has(name)
      ? name
      : undefined;
  }

  /** Moves past an event; false if that leaves the place as it is. */
  pass(event: ServerSentEvent): boolean {
    if (this.#isBehind(event)) {
      return false;
    }
    const isMove = !this.#isAt(event);
    if (isMove) {
      this.#remember(event);
    }
    // The text may be equal and still another copy. The next event has this copy: comparing the two
    // needs only their address, and not their characters.
    this.#lastEventId = event.lastEventId;
    this.#own?.pass(event);
    return isMove;
  }

  /** Moves past an event whose handling begins. */
  ahead(event: ServerSentEvent): void {
    this.#before ??= { lastEventId: this.#lastEventId, own: this.#own?.state, moves: 0 };
    this.#before.moves += this.pass(event) ? 1 : 0;
  }

  /** The events that were being handled are handled. */
  settle(): void {
    this.#before = undefined;
    this.#recent.keep();
  }

  /** They have failed: the place is where it was. */
  undo(): void {
    if (this.#before !== undefined) {
      const { lastEventId, own } = this.#before;
      this.#before = undefined;
      this.#lastEventId = lastEventId;
      this.#recent.drop();
      if (own !== undefined) {
        this.#own?.restore(own);
      }
    }
  }

  /** No ids are remembered with `cursorOf`. */
  isPassed(lastEventId: string): boolean {
    const isOther = this.#own === undefined && lastEventId !== this.#lastEventId;
    return isOther && this.#recent.has(lastEventId);
  }

  /**
   * Whether the event has no id of its own and comes after one that was handled before: a server
   * repeats itself, and with `dedupe` the cursor does not go back with it.
   */
  #isBehind({ id, lastEventId }: ServerSentEvent): boolean {
    return this.#dedupe && !isEventId(id) && this.isPassed(lastEventId);
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

  /**
   * Remembers the name of an event, but not the current position, which a control event repeats.
   * Where nothing is kept, no id is asked for; each would hold its packet in memory.
   */
  #remember(event: ServerSentEvent): void {
    const name = this.#nameOf(event);
    if (!isEventId(name) || name === this.#own?.cursor || !this.#remembers) {
      return;
    }
    if (this.#before === undefined) {
      this.#recent.add(name);
    } else {
      this.#recent.hold(name);
    }
  }
}
