import { isAlive, type Pid } from '@reprise/actor';

/** Keys, each with the living processes that have it, in the order in which they came. */
export class Table {
  readonly #isUnique: boolean;
  readonly #keys: Map<string, readonly Pid[]> = new Map();

  constructor(isUnique: boolean) {
    this.#isUnique = isUnique;
  }

  of(key: string): readonly Pid[] {
    return this.#keys.get(key)?.filter(isAlive) ?? [];
  }

  get pids(): readonly Pid[] {
    return [...this.#keys.keys()].flatMap((key) => this.of(key));
  }

  /** Gives a process a key. In a table of unique keys one that has it keeps it, and is returned. */
  add(key: string, pid: Pid): Pid | undefined {
    const holder = this.#isUnique ? this.of(key)[0] : undefined;
    if (holder === undefined) {
      this.#keys.set(key, [...this.of(key), pid]);
    }
    return holder;
  }

  /** False if it did not have the key. */
  removeOnce(key: string, pid: Pid | undefined): boolean {
    const pids = this.of(key);
    const place = pids.findIndex((one) => one === pid);
    this.#keys.set(
      key,
      pids.filter((_, index) => index !== place),
    );
    return place >= 0;
  }

  remove(key: string, pid: Pid): void {
    this.#keys.set(
      key,
      this.of(key).filter((one) => one !== pid),
    );
  }

  clear(): void {
    this.#keys.clear();
  }
}

/** Whether both have the same processes, each as often, in any order. */
export function hasSame(one: readonly Pid[], other: readonly Pid[]): boolean {
  const ids = (pids: readonly Pid[]): string =>
    pids
      .map(({ id }) => id)
      .toSorted((a, b) => a - b)
      .join();
  return one.length === other.length && (one.length === 0 || ids(one) === ids(other));
}
