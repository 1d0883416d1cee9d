/** Values to be awaited one by one. */
export class Queue<Value> {
  readonly #values: Value[] = [];
  readonly #waiting: ((value: Value) => void)[] = [];

  push(value: Value): void {
    const resolve = this.#waiting.shift();
    if (resolve === undefined) {
      this.#values.push(value);
    } else {
      resolve(value);
    }
  }

  next(): Promise<Value> {
    return new Promise((resolve) => {
      const [first] = this.#values.splice(0, 1);
      if (first === undefined) {
        this.#waiting.push(resolve);
      } else {
        resolve(first);
      }
    });
  }
}
