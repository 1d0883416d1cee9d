/** Values in order, each awaited by a test: a test waits for an event and never sleeps. */
export class Queue<Value> {
  readonly #values: Value[] = [];
  readonly #askers: ((value: Value) => void)[] = [];

  push(value: Value): void {
    const asker = this.#askers.shift();
    if (asker === undefined) {
      this.#values.push(value);
    } else {
      asker(value);
    }
  }

  next(): Promise<Value> {
    return new Promise((resolve) => {
      if (this.#values.length > 0) {
        resolve(this.#values.shift() as Value);
      } else {
        this.#askers.push(resolve);
      }
    });
  }
}
