import type { Timer, Timers } from '../host/timers.ts';
import type { ExitReason } from './exit-reason.ts';
import { Linkable } from './linkable.ts';
import type { Request } from './request.ts';

/**
 * The requests that wait for the answer of a process, and the timers that are to send to it. They
 * end with it. A base class, and not an object of its own, for the reason that `Linkable` gives.
 */
export abstract class Target<Peer extends Linkable<Peer>> extends Linkable<Peer> {
  #timers: Set<Timer> | undefined = undefined;
  /** The first of a doubly linked list. */
  #requests: Request | undefined = undefined;

  addRequest(request: Request): void {
    request.next = this.#requests;
    if (this.#requests !== undefined) {
      this.#requests.previous = request;
    }
    this.#requests = request;
  }

  removeRequest(request: Request): void {
    if (request.previous !== undefined) {
      request.previous.next = request.next;
    } else if (this.#requests === request) {
      this.#requests = request.next;
    }
    if (request.next !== undefined) {
      request.next.previous = request.previous;
    }
    request.previous = request.next = undefined;
  }

  protected failRequests(reason: ExitReason): void {
    for (let request = this.#requests; request !== undefined; request = this.#requests) {
      this.removeRequest(request);
      request.fail(reason);
    }
  }

  addTimer(timer: Timer): void {
    (this.#timers ??= new Set()).add(timer);
  }

  removeTimer(timer: Timer): void {
    this.#timers?.delete(timer);
  }

  protected stopTimers(timers: Timers): void {
    for (const timer of this.#timers ?? []) {
      timers.stop(timer);
    }
    this.#timers = undefined;
  }
}
