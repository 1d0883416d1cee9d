import type { Clock } from '@reprise/actor';
import { partOf } from '@reprise/actor/options';

import {
  isHealthy,
  nextDelay,
  nextRedirectDelay,
  type ReconnectDelay,
  reconnectDelayKeys,
} from './policy.ts';

export interface PaceOptions extends Omit<ReconnectDelay, 'retry'> {
  /** In ms. Default: 60 s. */
  readonly healthyAfter?: number;
}

/** How fast one client reconnects: its delays grow until a connection was healthy. */
export class Pace {
  readonly #options: PaceOptions;
  readonly #clock: Clock;
  /** Requests since the last healthy connection, redirects included. */
  #requests = 0;
  #connectedAt = 0;
  /** The last `retry` of the server, in ms. */
  #retry: number | undefined = undefined;

  constructor(options: PaceOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  /** Whether there was a request before the current one since the last healthy connection. */
  get isRepeating(): boolean {
    return this.#requests > 1;
  }

  /** An attempt begins. */
  begin(): void {
    this.#requests += 1;
  }

  connected(): void {
    this.#connectedAt = this.#clock.now();
  }

  /** Whether the connection was healthy, which makes the delays start over. */
  disconnected(retry: number | undefined): boolean {
    this.#retry = retry ?? this.#retry;
    const lasted = this.#clock.now() - this.#connectedAt;
    const wasHealthy = isHealthy(lasted, this.#options.healthyAfter);
    if (wasHealthy) {
      this.#requests = 0;
    }
    return wasHealthy;
  }

  /** The delay before the next attempt, in ms. */
  delay(): number {
    return nextDelay(this.#requests, this.#delays(), Math.random);
  }

  /**
   * The delay before a redirect is followed, in ms. A redirect counts as a request: otherwise a
   * chain of them would be a way around the delays.
   */
  readonly redirectDelay = (): number => {
    const delay = nextRedirectDelay(this.#requests, this.#delays());
    this.#requests += 1;
    return delay;
  };

  #delays(): ReconnectDelay {
    return { ...partOf<ReconnectDelay>(this.#options, reconnectDelayKeys), retry: this.#retry };
  }
}
