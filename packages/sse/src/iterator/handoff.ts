interface Taker<Value> {
  readonly resolve: (result: IteratorResult<Value, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

type Ending = { readonly type: 'done' } | { readonly type: 'failed'; readonly error: unknown };

/**
 * A rendezvous: one giver waits until a taker has taken its value and asks for the next. Nothing
 * queues up between them. Several takers may wait; they are served in order.
 */
export class Handoff<Value> {
  readonly #takers: Taker<Value>[] = [];
  #offered: { readonly value: Value } | undefined = undefined;
  #giver: (() => void) | undefined = undefined;
  #ending: Ending | undefined = undefined;

  /**
   * Resolves when the value has been taken and the next one is requested: only then has its taker
   * handled it.
   */
  give(value: Value): Promise<void> {
    const taker = this.#takers.shift();
    if (taker === undefined) {
      this.#offered = { value };
    } else {
      taker.resolve({ value, done: false });
    }
    return taker !== undefined && this.#takers.length > 0
      ? Promise.resolve()
      : new Promise((resolve) => {
          this.#giver = resolve;
        });
  }

  /** The next value, or the end. Only the first taker after an error gets the error. */
  take(): Promise<IteratorResult<Value, undefined>> {
    const offered = this.#offered;
    if (offered !== undefined) {
      this.#offered = undefined;
      return Promise.resolve({ value: offered.value, done: false });
    }
    return new Promise((resolve, reject) => {
      this.#takers.push({ resolve, reject });
      this.#serveEnding();
      this.#giver?.();
      this.#giver = undefined;
    });
  }

  /** Ends the exchange and drops a value that no reader took. A second ending has no effect. */
  end(ending: Ending): void {
    if (this.#ending === undefined) {
      this.#ending = ending;
      this.#offered = undefined;
      this.#serveEnding();
    }
  }

  #serveEnding(): void {
    while (this.#ending !== undefined && this.#takers.length > 0) {
      const taker = this.#takers.shift();
      const ending = this.#ending;
      this.#ending = { type: 'done' };
      if (ending.type === 'failed') {
        taker?.reject(ending.error);
      } else {
        taker?.resolve({ value: undefined, done: true });
      }
    }
  }
}
