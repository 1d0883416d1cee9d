import { setBrand } from '../brand.ts';
import { type Destination, destinationText, find } from '../process/address.ts';
import type { Cell } from '../process/cell.ts';
import type { ExitReason } from '../process/exit-reason.ts';
import { Ownership } from '../process/ownership.ts';
import { stateOf } from '../server/state-of.ts';
import { indexOf, ownKey } from './key.ts';
import { Locks } from './locks.ts';

/** One registration: a process has a key, with a value. */
export interface Registration {
  readonly key: unknown;
  readonly cell: Cell;
  value: unknown;
}

/**
 * The registrations of one registry. A process that has ended has no key, even before it is deleted
 * here: every reader checks the process, and does not rely on the table alone.
 */
export class RegistryTable {
  static {
    setBrand(this, 'registry table');
  }

  readonly isUnique: boolean;
  readonly #locks: Locks = new Locks();
  /** How many registrations there are. */
  count = 0;
  readonly #registry: Cell;
  readonly #listeners: readonly Destination[];
  readonly #byKey: Map<unknown, Set<Registration>> = new Map();
  readonly #byOwner: Ownership<Registration> = new Ownership((registration) => {
    this.#deleteFromKey(registration);
  });

  constructor(registry: Cell, isUnique: boolean, listeners: readonly Destination[]) {
    this.isUnique = isUnique;
    this.#registry = registry;
    this.#listeners = listeners;
    registry.onEnd((reason) => {
      this.#close(reason);
    });
  }

  /** The registrations of a key, in the order they came. */
  at(key: unknown): readonly Registration[] {
    return [...(this.#byKey.get(indexOf(key)) ?? [])].filter(isLive);
  }

  /** The first of a key: in a unique registry the only one. */
  first(key: unknown): Registration | undefined {
    for (const registration of this.#byKey.get(indexOf(key)) ?? []) {
      if (registration.cell.isAlive) {
        return registration;
      }
    }
    return undefined;
  }

  /** The registrations of a process, in the order they came. */
  of(cell: Cell): readonly Registration[] {
    return cell.isAlive ? [...this.#byOwner.of(cell)] : [];
  }

  /** The registrations of a process under one key: searched for in the smaller of the two sets. */
  under(key: unknown, cell: Cell): readonly Registration[] {
    const ofKey = this.#byKey.get(indexOf(key));
    if (ofKey === undefined || !cell.isAlive) {
      return [];
    }
    const own = this.#byOwner.of(cell);
    const [fewer, more] = ofKey.size < own.size ? [ofKey, own] : [own, ofKey];
    return [...fewer].filter((registration) => more.has(registration));
  }

  /**
   * Gives `cell` the key. In a unique registry a key that a process has stays with it: then returns
   * that process.
   */
  register(key: unknown, cell: Cell, value: unknown): Cell | undefined {
    this.#assertOwnSystem(cell);
    const owner = this.isUnique ? this.first(key)?.cell : undefined;
    if (owner === undefined) {
      const own = ownKey(key);
      const index = indexOf(own);
      const registration: Registration = { key: own, cell, value };
      this.#byKey.set(index, (this.#byKey.get(index) ?? new Set()).add(registration));
      this.#byOwner.add(cell, registration);
      this.count += 1;
      const { pid } = this.#registry;
      this.#notify({ type: 'register', registry: pid, key: own, pid: cell.pid, value });
    }
    return owner;
  }

  /** `matches`: which of its values under the key; the listeners learn of the end of the last. */
  unregister(key: unknown, cell: Cell, matches: (value: unknown) => boolean = () => true): void {
    const own = this.under(key, cell);
    // All are asked before the first is deleted: an error deletes none.
    const deleted = own.filter(({ value }) => matches(value));
    for (const registration of deleted) {
      this.#byOwner.delete(cell, registration);
      this.#deleteFromKey(registration);
    }
    const [last] = deleted;
    if (last !== undefined && deleted.length === own.length) {
      const { pid } = this.#registry;
      this.#notify({ type: 'unregister', registry: pid, key: last.key, pid: cell.pid });
    }
  }

  /** All registrations, in the order in which their keys came. */
  all(): readonly Registration[] {
    const registrations = [...this.#byKey.values()].flatMap((ofKey) => [...ofKey]);
    return registrations.filter(isLive);
  }

  /** All keys, each once. */
  keys(): readonly unknown[] {
    const all = [...this.#byKey.values()].map((ofKey) => [...ofKey].find(isLive));
    return all.flatMap((registration) => (registration === undefined ? [] : [registration.key]));
  }

  /** See `Locks.hold`. */
  lock<Result>(cell: Cell, key: unknown, fn: () => Result | PromiseLike<Result>): Promise<Result> {
    this.#assertOwnSystem(cell);
    return this.#locks.hold(cell, indexOf(key), fn);
  }

  /** A name counts in its system alone, as in `register`. */
  #assertOwnSystem({ runtime, pid }: Cell): void {
    if (runtime !== this.#registry.runtime) {
      throw new TypeError(
        `Expected a process of the system of the registry, got ${String(pid)} of another system`,
      );
    }
  }

  #notify(change: object): void {
    for (const listener of this.#listeners) {
      find(listener)?.push(change);
    }
  }

  /**
   * Sends an exit signal to every process with a key, because its registrations are gone, and fails
   * every wait for a lock.
   */
  #close(reason: ExitReason): void {
    const owners = this.#byOwner.owners();
    this.#byOwner.clear();
    for (const cell of owners) {
      cell.receiveExit(this.#registry, reason);
    }
    this.#locks.fail(reason);
  }

  #deleteFromKey(registration: Registration): void {
    const index = indexOf(registration.key);
    const ofKey = this.#byKey.get(index);
    // A `matches` of the user may have deleted it in the meantime.
    if (ofKey?.delete(registration) === true) {
      this.count -= 1;
    }
    if (ofKey?.size === 0) {
      this.#byKey.delete(index);
    }
  }
}

/** Its process has not ended. */
function isLive({ cell }: Registration): boolean {
  return cell.isAlive;
}

/** The table of a registry; `undefined` for any other process, and for one that has ended. */
export function tableIn(cell: Cell | undefined): RegistryTable | undefined {
  return stateOf(cell, RegistryTable);
}

/**
 * The table of a registry.
 * @throws Error for a registry that has ended; TypeError for any other process
 */
export function tableOf(registry: Destination): RegistryTable {
  const cell = find(registry);
  if (cell === undefined || !cell.isAlive) {
    throw new Error(
      `Expected a running registry, got ${destinationText(registry)}, which is not running`,
    );
  }
  const table = tableIn(cell);
  if (table === undefined) {
    throw new TypeError(
      `Expected a registry, got ${destinationText(registry)}, which is something else`,
    );
  }
  return table;
}

/**
 * The table of a registry with unique keys.
 * @throws as `tableOf` does; TypeError for a registry with duplicate keys
 */
export function uniqueTableOf(registry: Destination): RegistryTable {
  const table = tableOf(registry);
  if (!table.isUnique) {
    throw new TypeError(
      `Expected a registry with unique keys, got ${destinationText(registry)}, whose keys are duplicate`,
    );
  }
  return table;
}
