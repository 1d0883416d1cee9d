import { Verdict } from '../verdict.ts';

/** The work of all handlers on one stream, whichever client called them. */
export class Journal {
  readonly verdict = new Verdict();
  /** Every event up to this number is handled. */
  handled = 0;
  /** The events that the client knows as handled. */
  readonly #acknowledged = new Set<number>();
  #repeats = 0;

  /** How often an event was handled that had been handled before. */
  get repeats(): number {
    return this.#repeats;
  }

  /** A handler was called. */
  begins(event: number): void {
    this.verdict.expect(
      event <= this.handled + 1,
      () => `event ${event} was handled, and ${this.handled + 1} was not`,
    );
    this.verdict.expect(
      !this.#acknowledged.has(event),
      () => `event ${event} was handled again, though dedupe drops what was handled`,
    );
  }

  /** Its promise settles. */
  ends(event: number): void {
    this.#repeats += event <= this.handled ? 1 : 0;
    this.handled = Math.max(this.handled, event);
  }

  /** From now on the event must not come again. */
  acknowledge(event: number): void {
    this.#acknowledged.add(event);
  }

  /** A position in a store or in a request: everything up to it is handled. */
  sees(what: string, position: number): void {
    this.verdict.expect(
      position <= this.handled,
      () => `${what} is ${position}, and only ${this.handled} events are handled`,
    );
  }
}
