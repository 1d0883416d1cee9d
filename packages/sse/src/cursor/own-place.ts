import type { ServerSentEvent } from '../format/event.ts';
import { describeRefused } from '../maybe-promise.ts';
import type { RecentIds } from './recent-ids.ts';
import { SincePosition } from './since-position.ts';

/**
 * Takes the position from an event: a text that only the server understands. `undefined` if the
 * event brings none; `""` takes the last position back, as an empty id does.
 */
export type CursorOf = (event: ServerSentEvent) => string | undefined;

/** The part of a position that is kept for `cursorOf`. */
export interface OwnPosition {
  readonly cursor?: string | undefined;
  /** Fingerprints of the event that brought it, and of those since; only with `dedupe`. */
  readonly since?: readonly string[] | undefined;
}

/** The kept position, and the state that is not kept. */
export interface OwnState extends OwnPosition {
  readonly seen: number;
  readonly event: ServerSentEvent | undefined;
  readonly position: string | undefined;
}

/**
 * Where a client is in a stream whose positions are no ids: `cursorOf` takes them from the events.
 * It is asked once for each event, before the event is handled.
 */
export class OwnPlace {
  readonly #cursorOf: CursorOf;
  /** Only with `dedupe`. */
  readonly #since: SincePosition | undefined;
  #cursor: string;
  /** The event that was asked about last. */
  #event: ServerSentEvent | undefined = undefined;
  #position: string | undefined = undefined;
  #failure: { readonly error: unknown } | undefined = undefined;
  /** Whether the failure was given to the handler: if the event comes again, it is asked again. */
  #isTold = false;

  /** @param remember how many events after a position are recognized; 0 for none. */
  constructor(cursorOf: CursorOf, { cursor = '', since = [] }: OwnPosition, remember: number) {
    this.#cursorOf = cursorOf;
    this.#cursor = cursor;
    this.#since = remember > 0 ? new SincePosition(since, remember) : undefined;
  }

  /** The position that a handled event brought last; `""` for none. */
  get cursor(): string {
    return this.#cursor;
  }

  get kept(): OwnPosition {
    return { cursor: this.#cursor, since: this.#since?.list };
  }

  /** All of it, to be restored if an event fails that is passed before it is handled. */
  get state(): OwnState {
    const { kept } = this;
    return { ...kept, seen: this.#since?.seen ?? 0, event: this.#event, position: this.#position };
  }

  restore({ cursor = '', since = [], seen, event, position }: OwnState): void {
    this.#cursor = cursor;
    this.#since?.restore(since, seen);
    this.#event = event;
    this.#position = position;
  }

  #listAfter(event: ServerSentEvent, since: SincePosition): readonly string[] {
    const position = this.positionOf(event);
    return position === undefined
      ? since.listWith(event)
      : since.listFrom(event, position === this.#cursor);
  }

  /** A connection begins. The server sends again the events after the position. */
  begin(): void {
    this.#since?.begin();
  }

  /** The position that the event brings; `undefined` if it brings none, or if `cursorOf` failed. */
  positionOf(event: ServerSentEvent): string | undefined {
    if (event !== this.#event) {
      this.#ask(event);
    }
    return this.#position;
  }

  /** Whether `cursorOf` fails for this event. */
  fails(event: ServerSentEvent): boolean {
    this.positionOf(event);
    return this.#failure !== undefined;
  }

  /** A rejection with the error of `cursorOf` for this event; `undefined` if there is none. */
  failureOf(event: ServerSentEvent): Promise<never> | undefined {
    if (event !== this.#event || this.#isTold) {
      this.#ask(event);
    }
    this.#isTold = this.#failure !== undefined;
    return this.#failure && Promise.reject(this.#failure.error as Error);
  }

  /** Whether nothing has to be kept for the event. */
  isAt(event: ServerSentEvent): boolean {
    return this.#since === undefined && (this.positionOf(event) ?? this.#cursor) === this.#cursor;
  }

  /**
   * Whether the event was handled before. One with the current position may be another one: a
   * control event repeats it to say more.
   */
  isRepeat(event: ServerSentEvent, recent: RecentIds): boolean {
    const position = this.positionOf(event);
    if (position === undefined) {
      return this.#since?.isNext(event) === true;
    }
    return position === this.#cursor ? this.#since?.isFirst(event) === true : recent.has(position);
  }

  /** The event is handled. Without `dedupe` this makes no object: it is done for each event. */
  pass(event: ServerSentEvent): void {
    const position = this.positionOf(event);
    this.#since?.set(this.#listAfter(event, this.#since));
    if (position !== undefined && position !== this.#cursor) {
      // A text that is cut out of a large event would keep all of that in memory.
      this.#cursor = event.data.length > littleText ? copyOf(position) : position;
    }
    this.#event = undefined;
  }

  /** The position is given up. */
  reset(): void {
    this.#cursor = '';
    this.#since?.set([]);
  }

  #ask(event: ServerSentEvent): void {
    this.#event = event;
    this.#position = undefined;
    this.#failure = undefined;
    this.#isTold = false;
    try {
      this.#position = asPosition(this.#cursorOf(event));
    } catch (error) {
      this.#failure = { error };
    }
  }
}

/** In characters. */
const littleText = 1024;

/** As JSON: UTF-8 would change a text that is not well-formed. */
function copyOf(text: string): string {
  return JSON.parse(JSON.stringify(text)) as string;
}

function asPosition(given: unknown): string | undefined {
  if (given !== undefined && typeof given !== 'string') {
    throw new TypeError(
      `Expected cursorOf to return a string, or undefined for no position, got ${describeRefused(given)}`,
    );
  }
  return given;
}
