interface Taker<Value> {
  readonly resolve: (result: IteratorResult<Value, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

type Ending = { readonly type: 'done' } | { readonly type: 'failed'; readonly error: unknown };

/**
 * Hands values over one at a time from a giver who waits to a taker who asks: nothing queues up
 * between them. One giver; takers may ask for several values at once, and are served in order.
 */
export class Handoff<Value> {
  readonly #takers: Taker<Value>[] = [];
  #offered: { readonly value: Value } | undefined = undefined;
  #giver: (() => void) | undefined = undefined;
  #ending: Ending | undefined = undefined;

  /**
   * Resolves when the value has been taken and the next one is asked for: only then is its taker
   * done with it.
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

  /** The next value, or the end; an error in the end is told once. */
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

  /**
   * No further value: the taker who asks next is told of the error, if there is one, all others of
   * the end. What has not been taken is dropped; later endings change nothing.
   */
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
