import { setBrand } from '../brand.ts';
import { type Destination, find } from '../process/address.ts';
import type { Cell } from '../process/cell.ts';
import type { ExitReason } from '../process/exit-reason.ts';
import { Ownership } from '../process/ownership.ts';
import { stateOf } from '../server/state-of.ts';
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
  readonly locks: Locks = new Locks();
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
    return [...(this.#byKey.get(key) ?? [])].filter(({ cell }) => cell.isAlive);
  }

  /** The first of a key: in a unique registry the only one. */
  first(key: unknown): Registration | undefined {
    for (const registration of this.#byKey.get(key) ?? []) {
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
    const ofKey = this.#byKey.get(key);
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
    const owner = this.isUnique ? this.first(key)?.cell : undefined;
    if (owner === undefined) {
      const registration: Registration = { key, cell, value };
      this.#byKey.set(key, (this.#byKey.get(key) ?? new Set()).add(registration));
      this.#byOwner.add(cell, registration);
      this.count += 1;
      this.#notify({ type: 'register', registry: this.#registry.pid, key, pid: cell.pid, value });
    }
    return owner;
  }

  unregister(key: unknown, cell: Cell): void {
    const own = this.under(key, cell);
    if (own.length > 0) {
      for (const registration of own) {
        this.#byOwner.delete(cell, registration);
        this.#deleteFromKey(registration);
      }
      this.#notify({ type: 'unregister', registry: this.#registry.pid, key, pid: cell.pid });
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
    this.locks.fail(reason);
  }

  #deleteFromKey(registration: Registration): void {
    const { key } = registration;
    const ofKey = this.#byKey.get(key);
    ofKey?.delete(registration);
    this.count -= 1;
    if (ofKey?.size === 0) {
      this.#byKey.delete(key);
    }
  }
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
    throw new Error(`Expected a running registry, got ${String(registry)}, which is not running`);
  }
  const table = tableIn(cell);
  if (table === undefined) {
    throw new TypeError(`Expected a registry, got ${String(registry)}, which is something else`);
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
      `Expected a registry with unique keys, got ${String(registry)}, whose keys are duplicate`,
    );
  }
  return table;
}
