/**
 * A `Map` for keys that come and go, many of them again and again: the names of processes that are
 * restarted. A `Map` keeps what is deleted in its chains until it is laid out anew, so a key that
 * comes and goes among many that stay is sought among all its own remains. Here a key that is
 * deleted keeps its place, for when it comes back, until such places are more than half of all.
 */
export class KeyTable<Value extends object> {
  readonly #values: Map<string, Value | undefined> = new Map();
  #size = 0;

  get(key: string): Value | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: Value): void {
    if (this.get(key) === undefined) {
      this.#size += 1;
    }
    this.#values.set(key, value);
  }

  delete(key: string): void {
    if (this.get(key) !== undefined) {
      this.#size -= 1;
      this.#values.set(key, undefined);
      if (this.#values.size > 2 * this.#size + fewRemains) {
        this.#forgetDeleted();
      }
    }
  }

  /** So seldom that it costs next to nothing for each that was deleted. */
  #forgetDeleted(): void {
    for (const [key, value] of this.#values) {
      if (value === undefined) {
        this.#values.delete(key);
      }
    }
  }
}

const fewRemains = 8;
