import type { Process } from '@reprise/actor';
import { partOf } from '@reprise/actor/options';

import { budgetOf } from '../budget/client-budgets.ts';
import type { RequestBudget } from '../budget/request-budget.ts';
import type { Disconnect } from '../http/failure.ts';
import { failuresAfter, nextDelay, type ReconnectDelay, reconnectDelayKeys } from './policy.ts';

export interface PaceOptions extends Omit<ReconnectDelay, 'retry' | 'retryAfter'> {
  /** In ms. Default: 60 s. */
  readonly healthyAfter?: number;
}

/** How fast one client reconnects: delays grow with failures, and requests have a budget. */
export class Pace {
  readonly #options: PaceOptions;
  readonly #system: Process['system'];
  readonly #budget: RequestBudget | undefined;
  /** Failed attempts in a row. */
  #failures = 0;
  #connectedAt = 0;
  /** The delay before the last attempt. */
  #lastDelay = 0;
  /** The last `retry` of the server, in ms. */
  #retry: number | undefined = undefined;

  constructor(options: PaceOptions, self: Process) {
    this.#options = options;
    this.#system = self.system;
    this.#budget = budgetOf(self);
    this.#budget?.setPace(options.minDelay);
  }

  /** Whether more than the last attempt failed. */
  get isRepeating(): boolean {
    return this.#failures > 1;
  }

  /** How long the next request has to wait in any case, in ms. */
  get wait(): number {
    return Math.ceil(this.#budget?.wait ?? 0);
  }

  /** The wall clock of the system, in ms since 1970. */
  get date(): number {
    return this.#system.clock.date?.() ?? Date.now();
  }

  connected(): void {
    this.#connectedAt = this.#system.clock.now();
    this.#budget?.accepted();
  }

  /** A connection ended. Returns whether it was a success, which makes the delays start over. */
  disconnected({ type }: Disconnect, hasEvents: boolean, retry: number | undefined): boolean {
    this.#retry = retry ?? this.#retry;
    const lasted = this.#system.clock.now() - this.#connectedAt;
    // At least the delay after a good end: a short draw must not make a short connection healthy.
    const delay = Math.max(this.#lastDelay, nextDelay(0, this.#delays(0), lowest));
    const past = { lasted, hasEvents, isClosed: type === 'closed', delay };
    this.#failures = failuresAfter(past, this.#failures, this.#options.healthyAfter);
    return this.#failures === 0;
  }

  /** An attempt failed. */
  failed(): void {
    this.#failures += 1;
  }

  /** The delay before the next attempt, in ms, with a Retry-After of so many ms. */
  delay(retryAfter = 0): number {
    return this.exactly(nextDelay(this.#failures, this.#delays(retryAfter), this.#system.random));
  }

  /** The same for a delay that the user has set. */
  exactly(ms: number): number {
    this.#lastDelay = Math.ceil(Math.max(ms, this.wait));
    return this.#lastDelay;
  }

  /** The client ends, since another request would be useless. */
  refused(): void {
    this.#budget?.refused(this.#system.random);
  }

  #delays(retryAfter: number): ReconnectDelay {
    const delay = partOf<ReconnectDelay>(this.#options, reconnectDelayKeys);
    return { ...delay, retry: this.#retry, retryAfter };
  }
}

const lowest = (): number => 0;
