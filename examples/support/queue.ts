/** What happened, to be awaited one by one. */
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
      const [first] = this.#values.splice(0, 1);
      if (first === undefined) {
        this.#askers.push(resolve);
      } else {
        resolve(first);
      }
    });
  }
}
