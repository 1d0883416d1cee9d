import type { Request } from './messages.ts';

type Kind = Request['type'];

/** The first that is due goes first. */
const order = [
  'renew',
  'declare',
  'watch',
  'release',
  'claim',
  'leave',
  'observe',
  'join',
] as const satisfies readonly Kind[];

/** After most events. */
const none: readonly Request[] = [];

/**
 * Which requests are due when, and which are in flight: at most one of a kind. A view that
 * overtakes a claim would stop the streams that were just started; so of observe, claim, release
 * and leave one is in flight at a time.
 */
export class Agenda {
  /** Infinity for a request that is not due. */
  readonly #due: Record<Kind, number> = recordOf(Infinity);
  readonly #isInFlight: Record<Kind, boolean> = recordOf(false);
  #pausedUntil = -Infinity;
  /** No look of this life is due before this time. */
  #looksFrom = Infinity;
  /** An answer was lost: only a view tells which streams this node has. */
  #isUnsure = false;

  /** Makes a request due at this time. */
  set(kind: Kind, at: number): void {
    this.#due[kind] = at;
  }

  /** Makes it due at this time, unless it is due before. */
  sooner(kind: Kind, at: number): void {
    if (at < this.#due[kind]) {
      this.#due[kind] = at;
    }
  }

  /**
   * A life begins: these are its first requests. A view that came before the answer to its join has
   * made another join due, which would replace this life while its streams run.
   */
  begin(now: number, looksFrom: number): void {
    this.#due.join = Infinity;
    this.#due.declare = now;
    this.#due.watch = now;
    this.#due.observe = looksFrom;
    this.#looksFrom = looksFrom;
  }

  /** Nothing is due any more. What is in flight will have its answer. */
  clear(): void {
    Object.assign(this.#due, recordOf(Infinity));
    this.#looksFrom = Infinity;
  }

  /** Sends all that is due: it is in flight from now on. `undefined`: nothing is left to ask. */
  send(now: number, requestOf: (kind: Kind) => Request | undefined): readonly Request[] {
    if (this.nextAt > now) {
      return none;
    }
    const requests: Request[] = [];
    for (const kind of order) {
      if (this.#at(kind) <= now) {
        this.#due[kind] = Infinity;
        const request = requestOf(kind);
        if (request !== undefined) {
          this.#isInFlight[kind] = true;
          requests.push(request);
        }
      }
    }
    return requests;
  }

  /** `againAt`: when it is due again; Infinity if it is not. */
  answered(kind: Kind, againAt: number): void {
    this.#isInFlight[kind] = false;
    this.sooner(kind, againAt);
    this.#isUnsure &&= kind !== 'observe';
    if (kind === 'declare') {
      // Only now a view has the streams that were listed.
      this.sooner('observe', this.#looksFrom);
    }
  }

  /** No request is sent before this time: the store makes a new connection. */
  failed(kind: Kind, until: number): void {
    this.#isInFlight[kind] = false;
    this.#isUnsure ||= kind === 'claim' || kind === 'release';
    this.#pausedUntil = until;
  }

  /** When the next request can be sent, if no answer arrives before that. */
  get nextAt(): number {
    let least = Infinity;
    for (const kind of order) {
      const at = this.#at(kind);
      least = at < least ? at : least;
    }
    return least;
  }

  #at(kind: Kind): number {
    const due = this.#due[kind];
    return due === Infinity || this.#isInFlight[kind] || this.#isBlocked(kind)
      ? Infinity
      : Math.max(due, this.#pausedUntil);
  }

  #isBlocked(kind: Kind): boolean {
    switch (kind) {
      // No answer to a request of one life arrives in the next one.
      case 'join':
        return order.some((each) => this.#isInFlight[each]);
      case 'claim':
      case 'release':
        return this.#isUnsure || this.#isBusy;
      case 'leave':
        return this.#isBusy || this.#isInFlight.join;
      case 'observe':
        return this.#isBusy;
      default:
        return false;
    }
  }

  get #isBusy(): boolean {
    const { observe, claim, release, leave } = this.#isInFlight;
    return observe || claim || release || leave;
  }
}

function recordOf<Value>(value: Value): Record<Kind, Value> {
  return {
    renew: value,
    declare: value,
    watch: value,
    release: value,
    claim: value,
    leave: value,
    observe: value,
    join: value,
  };
}
