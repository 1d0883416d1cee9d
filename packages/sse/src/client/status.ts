import type { Clock } from '@reprise/actor';

import type { ConnectFailure, Disconnect } from '../http/failure.ts';
import type { ClientSnapshot } from './machine.ts';

/**
 * The status of a client, as `SseClient.status` returns it. Times are those of its system's clock
 * (`system.clock.now()`), in ms.
 */
export interface Status {
  /** A client that waits for its next attempt is disconnected. */
  readonly state: 'disconnected' | 'connecting' | 'connected';
  /** When the client entered this state. */
  readonly since: number;
  /** The URL of the last connection, after redirects, without credentials. */
  readonly url: string | undefined;
  /** When the last event arrived. */
  readonly lastEventAt: number | undefined;
  /** The last id, as of the last handled event; `""` for none. */
  readonly lastEventId: string;
  /**
   * The position after which the next connection goes on, as `cursorOf` has found it; `""` for
   * none. `undefined` without `cursorOf`.
   */
  readonly cursor: string | undefined;
  /** Attempts since a connection was last made, the current one included: 0 while connected. */
  readonly attempt: number;
  /** When the client will connect, if it waits for that. */
  readonly nextAttemptAt: number | undefined;
  /**
   * Whether the client waits for its turn: it may connect, but other clients of its system return
   * to the same origin, and those before it go first.
   */
  readonly waitsForTurn: boolean;
  /** Bytes of all response bodies, decompressed. */
  readonly bytes: number;
  /** Handled events. */
  readonly events: number;
  /** Events that were dropped as handled before: see `CursorOptions`, `dedupe`. */
  readonly repeats: number;
  /** Connections made after the first one. */
  readonly reconnects: number;
  /** Why the last attempt failed, or the last stream ended; the next connection keeps it. */
  readonly lastFailure: ConnectFailure | Disconnect | undefined;
  /** The waits of the client, besides those for the network; usually none. */
  readonly awaiting: readonly Awaiting[];
}

/** A promise of the user's code or of a store that has not settled, or a wait that it asked for. */
export type Awaiting =
  /** The function that gives the request. */
  | { readonly type: 'request'; readonly since: number }
  /** The handler of an event of this type. The client reads nothing more until it settles. */
  | { readonly type: 'event'; readonly event: string; readonly since: number }
  /** An event that failed, and is handled again at `until`. No event is handled before it. */
  | {
      readonly type: 'redelivery';
      readonly event: string;
      readonly since: number;
      readonly until: number;
    }
  /** A read or a write of the cursor. */
  | { readonly type: 'cursor'; readonly since: number }
  /** The client ends: the last write of its cursor, then its `terminate`. */
  | { readonly type: 'terminate'; readonly since: number };

/** Records the events in the life of a client. */
export class StatusRecord {
  readonly #clock: Clock;
  #since: number;
  #url: string | undefined = undefined;
  /**
   * NaN for never. A field that is always a number is written in place; any other field allocates
   * an object for each time.
   */
  #lastEventAt = Number.NaN;
  #handled = { events: 0, lastEventId: '' };
  #attempt = 0;
  #nextAttemptAt: number | undefined = undefined;
  #waitsForTurn = false;
  #bytes = 0;
  #repeats = 0;
  #connections = 0;
  #lastFailure: ConnectFailure | Disconnect | undefined = undefined;
  #isEnding = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = clock.now();
  }

  read(
    { value }: ClientSnapshot,
    cursor: string | undefined,
    awaiting: readonly Awaiting[],
  ): Status {
    return {
      // A client that ends has closed its socket.
      state: this.#isEnding ? 'disconnected' : value,
      since: this.#since,
      url: this.#url,
      lastEventAt: Number.isNaN(this.#lastEventAt) ? undefined : this.#lastEventAt,
      lastEventId: this.#handled.lastEventId,
      cursor,
      attempt: this.#attempt,
      nextAttemptAt: this.#nextAttemptAt,
      waitsForTurn: this.#waitsForTurn,
      bytes: this.#bytes,
      events: this.#handled.events,
      repeats: this.#repeats,
      reconnects: Math.max(0, this.#connections - 1),
      lastFailure: this.#lastFailure,
      awaiting,
    };
  }

  /** The client ends. */
  ends(): void {
    this.#isEnding = true;
    this.waitsNoMore();
    this.moved();
  }

  get isEnding(): boolean {
    return this.#isEnding;
  }

  get since(): number {
    return this.#since;
  }

  /** The client entered another state. */
  moved(): void {
    this.#since = this.#clock.now();
  }

  waits(ms: number): void {
    this.#nextAttemptAt = this.#clock.now() + ms;
  }

  waitsForTurn(): void {
    this.#nextAttemptAt = undefined;
    this.#waitsForTurn = true;
  }

  waitsNoMore(): void {
    this.#nextAttemptAt = undefined;
    this.#waitsForTurn = false;
  }

  get attempt(): number {
    return this.#attempt;
  }

  get lastEventId(): string {
    return this.#handled.lastEventId;
  }

  opens(): void {
    this.#attempt += 1;
    this.waitsNoMore();
  }

  connected(url: string): void {
    this.#attempt = 0;
    this.#connections += 1;
    this.#url = url;
  }

  failed(failure: ConnectFailure | Disconnect): void {
    this.#lastFailure = failure;
  }

  received(bytes: number, items: number): void {
    this.#bytes += bytes;
    if (items > 0) {
      // New for each packet: every event writes a new string into it, and into an old object that
      // costs more, since the garbage collector has to remember each such place.
      this.#handled = { ...this.#handled };
      this.#lastEventAt = this.#clock.now();
    }
  }

  dropped(): void {
    this.#repeats += 1;
  }

  handled(lastEventId: string): void {
    const handled = this.#handled;
    handled.events += 1;
    handled.lastEventId = lastEventId;
  }
}
