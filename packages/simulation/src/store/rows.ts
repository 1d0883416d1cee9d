import { copyOf } from './copy.ts';

/** A value with the version that its key has since it was written. */
export interface Row<Value> {
  readonly value: Value;
  /** From 1 on; 0 for a key that is not there. Each change of the store takes the next number. */
  readonly version: number;
}

/** The rows of a store: one value for each key, with its version. */
export class Rows {
  readonly #rows: Map<PropertyKey, Row<unknown>> = new Map();
  #lastVersion = 0;

  constructor(initial: object) {
    for (const [key, value] of Object.entries(initial)) {
      this.set(key, value);
    }
  }

  get keys(): readonly PropertyKey[] {
    return [...this.#rows.keys()];
  }

  read(key: PropertyKey): Row<unknown> {
    const { value, version } = this.#rows.get(key) ?? missing;
    return { value: copyOf(value), version };
  }

  set(key: PropertyKey, value: unknown): void {
    this.#lastVersion += 1;
    this.#rows.set(key, { value, version: this.#lastVersion });
  }

  /** Sets the value if the version is still this one. */
  update(key: PropertyKey, value: unknown, version: number): boolean {
    const isCurrent = (this.#rows.get(key) ?? missing).version === version;
    if (isCurrent) {
      this.set(key, value);
    }
    return isCurrent;
  }

  delete(key: PropertyKey): boolean {
    return this.#rows.delete(key);
  }
}

const missing: Row<undefined> = { value: undefined, version: 0 };
