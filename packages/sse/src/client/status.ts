import type { Clock, Process } from '@reprise/actor';
import { isWatched, note } from '@reprise/actor/inspect';

import type { CursorReport } from '../cursor/cursor.ts';
import type { ConnectFailure, Disconnect } from '../http/failure.ts';
import { formatFailure } from '../http/format-failure.ts';
import type { ClientSnapshot } from './machine.ts';
import type { Packet } from './packet.ts';

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
  /**
   * When a byte arrived last, also of a comment. Silence counts from here while the client reads: a
   * client whose handler is busy reads nothing.
   */
  readonly lastByteAt: number | undefined;
  /** How long the last connection may be silent, in ms; `undefined` before the first. */
  readonly idleTimeout: number | undefined;
  /** When the last event arrived. */
  readonly lastEventAt: number | undefined;
  /** The last id, as of the last handled event; `""` for none. */
  readonly lastEventId: string;
  /**
   * The position after which the next connection goes on, as `cursorOf` has found it; `""` for
   * none. `undefined` without `cursorOf`.
   */
  readonly cursor: string | undefined;
  /**
   * The last id that the store of the cursor has, or with `cursorOf` the position; `undefined`
   * without a cursor, and while nothing was kept.
   */
  readonly kept: string | undefined;
  /** How many moves of the cursor its store does not have yet. */
  readonly unwritten: number;
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
  /** Those of them that this connection, or the last one, has brought. */
  readonly connectionEvents: number;
  /** Events and handled comments that have arrived and are not handled yet. */
  readonly unhandled: number;
  /** Events that were dropped as handled before: see `CursorOptions`, `dedupe`. */
  readonly repeats: number;
  /** Connections made after the first one. */
  readonly reconnects: number;
  /** How many attempts have failed, by the type of the failure. */
  readonly connectFailures: Readonly<Record<string, number>>;
  /** How many streams have ended, by the type of their end. */
  readonly disconnects: Readonly<Record<string, number>>;
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

/**
 * A fact about a client, for the witnesses of its system: `note` of `@reprise/actor/inspect`, with
 * the kind `sse`.
 */
export type ClientFact =
  | { readonly type: 'connecting'; readonly attempt: number }
  | { readonly type: 'connected'; readonly url: string }
  /** An attempt has failed, or a stream has ended. `failure`: its type; `text`: for a person. */
  | { readonly type: 'disconnected'; readonly failure: string; readonly text: string }
  /** It waits for its next attempt, for so many ms. */
  | { readonly type: 'waits'; readonly ms: number }
  /** The server ignored the cursor: see `CursorReport`. */
  | { readonly type: 'ignored'; readonly lastEventId: string; readonly id: string }
  | { readonly type: 'ended' };

/** The parts of a client that a status is read from. */
export interface StatusParts {
  readonly cursor:
    | {
        readonly cursor: string | undefined;
        readonly kept: string | undefined;
        readonly unwritten: number;
        readonly pendingSince: number | undefined;
      }
    | undefined;
  readonly delivery: { readonly awaiting: readonly Awaiting[]; readonly unsettled: number };
  /** Since when the function that gives the request is awaited. */
  readonly requestSince: number | undefined;
}

const emptyPacket: Pick<Packet, 'items' | 'at'> = { items: [], at: 0 };
const none: Readonly<Record<string, number>> = Object.freeze({});

/** Records the events in the life of a client. */
export class StatusRecord {
  readonly #self: Process;
  readonly #clock: Clock;
  #since: number;
  #url: string | undefined = undefined;
  /**
   * NaN for never. A field that is always a number is written in place; any other field allocates
   * an object for each time.
   */
  #lastEventAt = Number.NaN;
  #lastByteAt = Number.NaN;
  #idleTimeout: number | undefined = undefined;
  /** The handled events of the connections before this one. */
  #eventsBefore = 0;
  /** Replaced as a whole: most clients have none. */
  #connectFailures = none;
  #disconnects = none;
  #handled = { events: 0, lastEventId: '' };
  /** The packet that is handled: the client reads no other one meanwhile. */
  #packet: Packet | undefined = undefined;
  #attempt = 0;
  #nextAttemptAt: number | undefined = undefined;
  #waitsForTurn = false;
  #bytes = 0;
  #repeats = 0;
  #connections = 0;
  #lastFailure: ConnectFailure | Disconnect | undefined = undefined;
  #isEnding = false;

  constructor(self: Process) {
    this.#self = self;
    this.#clock = self.system.clock;
    this.#since = this.#clock.now();
  }

  read({ value }: ClientSnapshot, parts: StatusParts): Status {
    const { events, lastEventId } = this.#handled;
    return {
      // A client that ends has closed its socket.
      state: this.#isEnding ? 'disconnected' : value,
      since: this.#since,
      url: this.#url,
      lastByteAt: timeOf(this.#lastByteAt),
      idleTimeout: this.#idleTimeout,
      lastEventAt: timeOf(this.#lastEventAt),
      lastEventId,
      cursor: parts.cursor?.cursor,
      kept: parts.cursor?.kept,
      unwritten: parts.cursor?.unwritten ?? 0,
      attempt: this.#attempt,
      nextAttemptAt: this.#nextAttemptAt,
      waitsForTurn: this.#waitsForTurn,
      bytes: this.#bytes,
      events,
      connectionEvents: events - this.#eventsBefore,
      unhandled: this.#unhandledWith(parts.delivery.unsettled),
      repeats: this.#repeats,
      reconnects: Math.max(0, this.#connections - 1),
      connectFailures: this.#connectFailures,
      disconnects: this.#disconnects,
      lastFailure: this.#lastFailure,
      awaiting: this.#awaiting(parts),
    };
  }

  /** How many items are left of the packet, or have a handler that has not settled. */
  #unhandledWith(unsettled: number): number {
    const { items, at } = this.#packet ?? emptyPacket;
    return items.length - at + unsettled;
  }

  #awaiting({ cursor, delivery, requestSince }: StatusParts): readonly Awaiting[] {
    const pending = cursor?.pendingSince;
    return [
      ...(requestSince === undefined ? [] : [{ type: 'request', since: requestSince } as const]),
      ...delivery.awaiting,
      ...(pending === undefined ? [] : [{ type: 'cursor', since: pending } as const]),
      ...(this.#isEnding ? [{ type: 'terminate', since: this.#since } as const] : []),
    ];
  }

  /** The client ends. */
  ends(): void {
    this.#isEnding = true;
    this.waitsNoMore();
    this.moved();
    this.#note({ type: 'ended' });
  }

  /** The client entered another state. */
  moved(): void {
    this.#since = this.#clock.now();
  }

  waits(ms: number): void {
    this.#nextAttemptAt = this.#clock.now() + ms;
    this.#note({ type: 'waits', ms });
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
    this.#note({ type: 'connecting', attempt: this.#attempt });
  }

  connected(url: string): void {
    this.#attempt = 0;
    this.#connections += 1;
    this.#url = url;
    this.#eventsBefore = this.#handled.events;
    this.#note({ type: 'connected', url });
  }

  /** A request is sent. A function of the user may have returned anything for it. */
  sent({ idleTimeout }: { readonly idleTimeout?: number }): void {
    this.#idleTimeout = idleTimeout;
  }

  failed(failure: ConnectFailure): void {
    this.#connectFailures = withOneMore(this.#connectFailures, failure.type);
    this.#lost(failure);
  }

  disconnected(disconnect: Disconnect): void {
    // The rest of its packet is dropped.
    this.#packet = undefined;
    this.#disconnects = withOneMore(this.#disconnects, disconnect.type);
    this.#lost(disconnect);
  }

  #lost(failure: ConnectFailure | Disconnect): void {
    this.#lastFailure = failure;
    if (isWatched(this.#self)) {
      const text = formatFailure(failure);
      this.#note({ type: 'disconnected', failure: failure.type, text });
    }
  }

  /** The cursor has reported something about the connection. */
  reported(report: CursorReport): void {
    if (report.type === 'ignored') {
      const { lastEventId, id } = report;
      this.#note({ type: 'ignored', lastEventId, id });
    }
  }

  #note(fact: ClientFact): void {
    note(this.#self, 'sse', fact);
  }

  received(bytes: number, packet: Packet): void {
    this.#packet = packet;
    this.#bytes += bytes;
    this.#lastByteAt = this.#clock.now();
    if (packet.items.length > 0) {
      // New for each packet: every event writes a new string into it, and into an old object that
      // costs more, since the garbage collector has to remember each such place.
      this.#handled = { ...this.#handled };
      this.#lastEventAt = this.#lastByteAt;
    }
  }

  /** It is handled to its end, or given up with its connection. */
  packetDone(packet: Packet): void {
    if (packet === this.#packet) {
      this.#packet = undefined;
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

function timeOf(at: number): number | undefined {
  return Number.isNaN(at) ? undefined : at;
}

function withOneMore(
  counts: Readonly<Record<string, number>>,
  type: string,
): Readonly<Record<string, number>> {
  return { ...counts, [type]: (counts[type] ?? 0) + 1 };
}
