import type { Request } from './messages.ts';

type Kind = Request['type'];

/** The first that is due goes first. */
const order: readonly Kind[] = [
  'renew',
  'declare',
  'watch',
  'release',
  'claim',
  'leave',
  'observe',
  'join',
];

/**
 * A view that overtakes a claim would stop the streams that were just started; so one at a time of
 * these.
 */
const exclusive: ReadonlySet<Kind> = new Set(['observe', 'claim', 'release', 'leave']);

/** Which requests are due when, and which are in flight: at most one of a kind. */
export class Agenda {
  readonly #due: Map<Kind, number> = new Map();
  readonly #inFlight: Set<Kind> = new Set();
  #pausedUntil = -Infinity;
  /** An answer was lost: only a view tells which streams this node has. */
  #isUnsure = false;

  /** Makes a request due at this time. */
  set(kind: Kind, at: number): void {
    this.#due.set(kind, at);
  }

  /** Makes it due at this time, unless it is due before. */
  sooner(kind: Kind, at: number): void {
    this.#due.set(kind, Math.min(at, this.#due.get(kind) ?? Infinity));
  }

  /** Nothing is due any more. What is in flight will have its answer. */
  clear(): void {
    this.#due.clear();
  }

  /** Sends all that is due: it is in flight from now on. `undefined`: nothing is left to ask. */
  *send(
    now: number,
    requestOf: (kind: Kind) => Request | undefined,
  ): Generator<Request, void, undefined> {
    let kind = this.#next(now);
    while (kind !== undefined) {
      this.#due.delete(kind);
      const request = requestOf(kind);
      if (request !== undefined) {
        this.#inFlight.add(kind);
        yield request;
      }
      kind = this.#next(now);
    }
  }

  answered(kind: Kind): void {
    this.#inFlight.delete(kind);
    this.#isUnsure &&= kind !== 'observe';
  }

  /** No request is sent before this time: the store makes a new connection. */
  failed(kind: Kind, until: number): void {
    this.#inFlight.delete(kind);
    this.#isUnsure ||= exclusive.has(kind);
    this.#pausedUntil = until;
  }

  /** When the next request can be sent, if no answer arrives before that. */
  get nextAt(): number {
    return order.reduce((least, kind) => Math.min(least, this.#at(kind)), Infinity);
  }

  #next(now: number): Kind | undefined {
    return order.find((kind) => this.#at(kind) <= now);
  }

  #at(kind: Kind): number {
    const due = this.#due.get(kind);
    return due === undefined || this.#inFlight.has(kind) || this.#isBlocked(kind)
      ? Infinity
      : Math.max(due, this.#pausedUntil);
  }

  #isBlocked(kind: Kind): boolean {
    switch (kind) {
      // No answer to a request of one life arrives in the next one.
      case 'join':
        return this.#inFlight.size > 0;
      case 'claim':
      case 'release':
        return this.#isUnsure || this.#isBusy;
      case 'leave':
        return this.#isBusy || this.#inFlight.has('join');
      case 'observe':
        return this.#isBusy;
      default:
        return false;
    }
  }

  get #isBusy(): boolean {
    return [...exclusive].some((kind) => this.#inFlight.has(kind));
  }
}
