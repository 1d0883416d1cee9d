import { describe } from '../describe.ts';
import { type Destination, find, runtimeOf, ViaAddress } from '../process/address.ts';
import type { Cell } from '../process/cell.ts';
import { ownKey } from './key.ts';
import { tableIn, uniqueTableOf } from './table.ts';

/** The address of the process that has a key. The registry may itself be given by its name. */
export class RegistryAddress extends ViaAddress {
  readonly #registry: Destination;
  readonly #key: unknown;
  /** The value of the registration, when a process gets the key. */
  readonly #value: unknown;

  constructor(registry: Destination, key: unknown, value: unknown) {
    super(runtimeOf(registry), `${describe(key)} in ${String(registry)}`);
    this.#registry = registry;
    this.#key = ownKey(key);
    this.#value = value;
  }

  override get cell(): Cell | undefined {
    const table = tableIn(find(this.#registry));
    return table?.isUnique === true ? table.first(this.#key)?.cell : undefined;
  }

  override get owner(): Cell | undefined {
    return uniqueTableOf(this.#registry).first(this.#key)?.cell;
  }

  override register(cell: Cell): void {
    uniqueTableOf(this.#registry).register(this.#key, cell, this.#value);
  }

  override toString(): string {
    return this.name;
  }
}
