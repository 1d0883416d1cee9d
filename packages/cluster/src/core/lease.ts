import type { Now } from './messages.ts';
import type { Times } from './times.ts';

/**
 * Until when a node may trust that its streams are its own: T less the margin after the last good
 * renewal was sent, by both of its clocks. A machine that slept stands still on one of them.
 */
export class Lease {
  readonly #length: number;
  #deadline: Now | undefined = undefined;

  constructor({ ttl, margin }: Pick<Times, 'ttl' | 'margin'>) {
    this.#length = ttl - margin;
  }

  /** The times of both clocks at which the lease is over; `undefined` without a lease. */
  get deadline(): Now | undefined {
    return this.#deadline;
  }

  /** Whether a handler may begin now. */
  isGood({ now, date }: Now): boolean {
    const deadline = this.#deadline;
    return deadline !== undefined && now < deadline.now && date < deadline.date;
  }

  /** How long the lease is still good, in ms; 0 if it is over. */
  left({ now, date }: Now): number {
    const deadline = this.#deadline ?? { now, date };
    return Math.max(0, Math.min(deadline.now - now, deadline.date - date));
  }

  /**
   * A renewal was good. Counted from its sending: another node may have seen its value at any time
   * after that. Both times are of one renewal, since the wall clock may have been set back.
   */
  renew(sentAt: Now): void {
    if (this.#deadline === undefined || sentAt.now + this.#length > this.#deadline.now) {
      this.#deadline = { now: sentAt.now + this.#length, date: sentAt.date + this.#length };
    }
  }

  end(): void {
    this.#deadline = undefined;
  }
}
