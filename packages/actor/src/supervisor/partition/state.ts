import { setBrand } from '../../brand.ts';
import { describe } from '../../describe.ts';
import { type Destination, find } from '../../process/address.ts';
import { type Cell, cellOf } from '../../process/cell.ts';
import type { Process } from '../../process/process.ts';
import { stateOf } from '../../server/state-of.ts';
import type { Outcome } from '../call.ts';
import type { SupervisorFlags } from '../options.ts';
import { StaticState } from '../static-state.ts';
import { type PartitionKey, partitionOf } from './key.ts';

/**
 * The state of a partition supervisor: a static supervisor whose children have the ids '0', '1', …,
 * of which the first `size` are in use.
 */
export class PartitionState extends StaticState {
  static {
    setBrand(this, 'partition supervisor');
  }

  readonly total: number;
  size: number;

  constructor(self: Process, flags: SupervisorFlags, total: number) {
    super(self, flags);
    this.total = this.size = total;
  }

  /** The process of the partition that a key belongs to; `undefined` while it does not run. */
  processFor(key: PartitionKey): Cell | undefined {
    if (this.size === 0) {
      throw new Error(`Expected a partition for ${describe(key)}, got none: the size is 0`);
    }
    const pid = this.children.get(String(partitionOf(key, this.size)))?.pid;
    return typeof pid === 'object' ? cellOf(pid) : undefined;
  }

  /**
   * Shuts down the partitions beyond `size`, or starts them again. `this.size` shrinks first and
   * grows last: keys are routed only to partitions that run.
   */
  async resize(size: number): Promise<Outcome<number>> {
    const old = this.size;
    this.size = Math.min(old, size);
    for (let partition = old - 1; partition >= size; partition--) {
      await this.terminateChild(String(partition));
    }
    for (let partition = old; partition < size; partition++) {
      const started = await this.restartChild(String(partition));
      if (started.type !== 'done') {
        return started;
      }
      this.size = partition + 1;
    }
    return { type: 'done', value: old };
  }
}

/** `undefined` when the supervisor has ended. */
export function partitionStateOf(supervisor: Destination): PartitionState | undefined {
  return stateOf(find(supervisor), PartitionState);
}
