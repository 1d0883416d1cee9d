import { describe } from '../../describe.ts';
import { type Destination, NamedAddress, runtimeOf } from '../../process/address.ts';
import type { Cell } from '../../process/cell.ts';
import { type PartitionKey, partitionOf } from './key.ts';
import { partitionStateOf } from './state.ts';

/** The address of the partition that a key belongs to, looked up at each use. */
export class PartitionAddress extends NamedAddress {
  readonly #supervisor: Destination;
  readonly #key: PartitionKey;

  constructor(supervisor: Destination, key: PartitionKey) {
    super(runtimeOf(supervisor), `the partition of ${describe(key)} in ${String(supervisor)}`);
    this.#supervisor = supervisor;
    this.#key = key;
    // Throws for a wrong key here, rather than when a message is sent.
    partitionOf(key, 1);
  }

  override get cell(): Cell | undefined {
    return partitionStateOf(this.#supervisor)?.processFor(this.#key);
  }

  override toString(): string {
    return this.name;
  }
}
