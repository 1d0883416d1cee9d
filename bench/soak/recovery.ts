interface Fault {
  readonly type: string;
  /** When the connection was over; before that, the stream may well go on. */
  readonly at: number | undefined;
}

/** How long streams take to go on after a fault: from the end of the connection that it struck to the next event. */
export class Recovery {
  readonly #faults = new Map<string, Fault>();
  readonly #worst = new Map<string, number>();

  /** A connection has begun on which this will go wrong. */
  began(stream: string, type: string): void {
    const fault = this.#faults.get(stream);
    // One after the other, without an event between them: it is still the first that is recovered from.
    if (fault?.at === undefined) {
      this.#faults.set(stream, { type, at: undefined });
    }
  }

  /** A connection has ended. */
  struck(stream: string, at: number): void {
    const fault = this.#faults.get(stream);
    if (fault !== undefined && fault.at === undefined) {
      this.#faults.set(stream, { ...fault, at });
    }
  }

  handled(stream: string, at: number): void {
    const fault = this.#faults.get(stream);
    if (fault?.at !== undefined && at > fault.at) {
      this.#worst.set(fault.type, Math.max(this.#worst.get(fault.type) ?? 0, at - fault.at));
      this.#faults.delete(stream);
    }
  }

  /** All clients are dead: what they take until they are back says nothing of a fault. */
  interrupted(): void {
    this.#faults.clear();
  }

  get worst(): Readonly<Record<string, number>> {
    const rounded = [...this.#worst].map(([type, ms]) => [type, Math.round(ms)] as const);
    return Object.fromEntries(rounded.toSorted(([a], [b]) => a.localeCompare(b)));
  }
}
