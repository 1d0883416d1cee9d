import { type Destination, find } from '../process/address.ts';
import type { Cell } from '../process/cell.ts';
import type { ExitReason } from '../process/exit-reason.ts';
import { stateOf } from '../server/state-of.ts';
import { Locks } from './locks.ts';

/** One registration: a process has a key, with a value. */
export interface Registration {
  readonly key: unknown;
  readonly cell: Cell;
  value: unknown;
}

interface Owner {
  readonly registrations: Set<Registration>;
  /** Lets go of its end. */
  readonly forget: () => void;
}

/**
 * What a registry holds. A process that has ended has no key, whether or not it has been cleared
 * away yet: who reads looks at the process, not at the table alone.
 */
export class RegistryTable {
  readonly isUnique: boolean;
  readonly locks: Locks = new Locks();
  /** How many registrations there are. */
  count = 0;
  readonly #registry: Cell;
  readonly #listeners: readonly Destination[];
  readonly #byKey: Map<unknown, Set<Registration>> = new Map();
  readonly #byOwner: Map<Cell, Owner> = new Map();

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

  /** Those of a process, in the order they came. */
  of(cell: Cell): readonly Registration[] {
    return cell.isAlive ? [...(this.#byOwner.get(cell)?.registrations ?? [])] : [];
  }

  /**
   * Those of a process under one key: found among its own or among the key's, whichever are fewer.
   */
  under(key: unknown, cell: Cell): readonly Registration[] {
    const ofKey = this.#byKey.get(key);
    const own = cell.isAlive ? this.#byOwner.get(cell)?.registrations : undefined;
    if (ofKey === undefined || own === undefined) {
      return [];
    }
    const [fewer, more] = ofKey.size < own.size ? [ofKey, own] : [own, ofKey];
    return [...fewer].filter((registration) => more.has(registration));
  }

  /**
   * Who stands in the way, if the registry is unique and somebody has the key; otherwise it is
   * `cell`'s from here on.
   */
  register(key: unknown, cell: Cell, value: unknown): Cell | undefined {
    const owner = this.isUnique ? this.first(key)?.cell : undefined;
    if (owner === undefined) {
      const registration: Registration = { key, cell, value };
      this.#byKey.set(key, (this.#byKey.get(key) ?? new Set()).add(registration));
      this.#ownerOf(cell).registrations.add(registration);
      this.count += 1;
      this.#tell({ type: 'register', registry: this.#registry.pid, key, pid: cell.pid, value });
    }
    return owner;
  }

  unregister(key: unknown, cell: Cell): void {
    const own = this.under(key, cell);
    if (own.length > 0) {
      this.#delete(cell, own);
      this.#tell({ type: 'unregister', registry: this.#registry.pid, key, pid: cell.pid });
    }
  }

  #delete(cell: Cell, own: readonly Registration[]): void {
    const owner = this.#byOwner.get(cell) as Owner;
    for (const registration of own) {
      owner.registrations.delete(registration);
      this.#deleteFromKey(registration);
    }
    if (owner.registrations.size === 0) {
      owner.forget();
      this.#byOwner.delete(cell);
    }
  }

  #tell(change: object): void {
    for (const listener of this.#listeners) {
      find(listener)?.push(change);
    }
  }

  /**
   * Those in it have an exit signal, since they are no longer what they take themselves for; those
   * who wait for a lock are told.
   */
  #close(reason: ExitReason): void {
    for (const [cell, { forget }] of this.#byOwner) {
      forget();
      cell.receiveExit(this.#registry, reason);
    }
    this.locks.fail(reason);
  }

  #ownerOf(cell: Cell): Owner {
    let owner = this.#byOwner.get(cell);
    if (owner === undefined) {
      const forget = cell.onEnd(() => {
        this.#ended(cell);
      });
      owner = { registrations: new Set(), forget };
      this.#byOwner.set(cell, owner);
    }
    return owner;
  }

  #ended(cell: Cell): void {
    const registrations = this.#byOwner.get(cell)?.registrations ?? [];
    this.#byOwner.delete(cell);
    for (const registration of registrations) {
      this.#deleteFromKey(registration);
    }
  }

  #deleteFromKey(registration: Registration): void {
    const { key } = registration;
    const ofKey = this.#byKey.get(key) as Set<Registration>;
    ofKey.delete(registration);
    this.count -= 1;
    if (ofKey.size === 0) {
      this.#byKey.delete(key);
    }
  }
}

/** What a registry holds; `undefined` for any other process, and for a registry that has ended. */
export function tableIn(cell: Cell | undefined): RegistryTable | undefined {
  return stateOf(cell, RegistryTable);
}

/**
 * What a registry holds. Throws an `Error` for one that has ended, and a `TypeError` for what is
 * none.
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

/** `tableOf`, of a registry where a key is one process's. */
export function uniqueTableOf(registry: Destination): RegistryTable {
  const table = tableOf(registry);
  if (!table.isUnique) {
    throw new TypeError(
      `Expected a registry with unique keys, got ${String(registry)}, whose keys are duplicate`,
    );
  }
  return table;
}
