import type { Clock } from '@reprise/actor';

import type { ConnectFailure, Disconnect } from '../http/failure.ts';
import type { ClientSnapshot } from './machine.ts';

/**
 * How a client stands at this instant. Times are its system clock's, as `system.clock.now()` gives
 * them, in ms.
 */
export interface Status {
  /** To wait for the next attempt is to be disconnected. */
  readonly state: 'disconnected' | 'connecting' | 'connected';
  /** When it came into that state. */
  readonly since: number;
  /** The URL of the last connection, after redirects, without credentials. */
  readonly url: string | undefined;
  /** When the last event came. */
  readonly lastEventAt: number | undefined;
  /** That of the last event handled; `""` for none. */
  readonly lastEventId: string;
  /** Attempts since a connection was last made, the one under way with them. */
  readonly attempt: number;
  /** When it will connect, if it waits to. */
  readonly nextAttemptAt: number | undefined;
  /** Of bodies, decompressed. */
  readonly bytes: number;
  /** That have been handled. */
  readonly events: number;
  /** That have been dropped, as ones handled before: see `CursorOptions`, `dedupe`. */
  readonly repeats: number;
  /** Connections made after the first. */
  readonly reconnects: number;
  /**
   * Why the last attempt came to nothing, or the last connection ended; it stays when the next one
   * is made.
   */
  readonly lastFailure: ConnectFailure | Disconnect | undefined;
}

/** What happens to a client, written down as it happens. */
export class StatusRecord {
  readonly #clock: Clock;
  #since: number;
  #url: string | undefined = undefined;
  /**
   * NaN for never: a field that is always a number is written in place, and any other takes a new
   * object for each time.
   */
  #lastEventAt = Number.NaN;
  #lastEventId = '';
  #attempt = 0;
  #nextAttemptAt: number | undefined = undefined;
  #bytes = 0;
  #events = 0;
  #repeats = 0;
  #connections = 0;
  #lastFailure: ConnectFailure | Disconnect | undefined = undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = clock.now();
  }

  read({ value }: ClientSnapshot): Status {
    return {
      state: value,
      since: this.#since,
      url: this.#url,
      lastEventAt: Number.isNaN(this.#lastEventAt) ? undefined : this.#lastEventAt,
      lastEventId: this.#lastEventId,
      attempt: this.#attempt,
      nextAttemptAt: this.#nextAttemptAt,
      bytes: this.#bytes,
      events: this.#events,
      repeats: this.#repeats,
      reconnects: Math.max(0, this.#connections - 1),
      lastFailure: this.#lastFailure,
    };
  }

  /** It has come into another state. */
  moved(): void {
    this.#since = this.#clock.now();
  }

  waits(ms: number): void {
    this.#nextAttemptAt = this.#clock.now() + ms;
  }

  waitsNoMore(): void {
    this.#nextAttemptAt = undefined;
  }

  get attempt(): number {
    return this.#attempt;
  }

  get lastEventId(): string {
    return this.#lastEventId;
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
      this.#lastEventAt = this.#clock.now();
    }
  }

  dropped(): void {
    this.#repeats += 1;
  }

  handled(lastEventId: string): void {
    this.#events += 1;
    this.#lastEventId = lastEventId;
  }
}
