import { describe } from '../../describe.ts';
import { type Destination, find, NamedAddress } from '../../process/address.ts';
import { type Cell, cellOf, type Runtime } from '../../process/cell.ts';
import type { Process } from '../../process/process.ts';
import type { AnyBehaviour } from '../../server/behaviour.ts';
import { type Reply, reply } from '../../server/next.ts';
import { stateOf } from '../../server/state-of.ts';
import { begin, supervision } from '../behaviour.ts';
import type { Outcome } from '../call.ts';
import type { Flags, Rules } from '../flags.ts';
import { Supervision } from '../supervision.ts';
import { type PartitionKey, partitionOf } from './key.ts';

/**
 * A partition supervisor from the inside: a supervisor whose children are named by number, and of
 * which the first `size` are in use.
 */
export class Partitions extends Supervision {
  readonly total: number;
  size: number;

  constructor(self: Process<never>, rules: Rules, total: number) {
    super(self, rules);
    this.total = this.size = total;
  }

  /** The process of the partition that a key is for; `undefined` while it does not run. */
  of(key: PartitionKey): Cell | undefined {
    if (this.size === 0) {
      throw new Error(`Expected a partition for ${describe(key)}, got none: the size is 0`);
    }
    const pid = this.children.get(String(partitionOf(key, this.size)))?.pid;
    return typeof pid === 'object' ? cellOf(pid) : undefined;
  }

  /**
   * Ends what is too much, or starts it again. What is routed meanwhile goes to partitions that
   * run.
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

/** The server that every partition supervisor is: a supervisor that can be resized. */
export const partitioned: AnyBehaviour = {
  ...supervision,
  init: ({ children, ...rules }: Flags, self: Process<never>) =>
    begin(self, new Partitions(self, rules, children.length), children),
  handleCall: {
    ...(supervision.handleCall as object),
    resize: async (size: number, state: Partitions): Promise<Reply<Outcome<number>, Partitions>> =>
      reply(await state.resize(size), state),
  },
};

/** Whoever the partition is that a key is for. */
export class PartitionAddress extends NamedAddress {
  readonly #supervisor: Destination;
  readonly #key: PartitionKey;

  constructor(supervisor: Destination, key: PartitionKey) {
    super(runtimeOf(supervisor), `the partition of ${describe(key)} in ${String(supervisor)}`);
    this.#supervisor = supervisor;
    this.#key = key;
    // A wrong key is found here, and not when something is sent.
    partitionOf(key, 1);
  }

  override get cell(): Cell | undefined {
    return partitionsOf(this.#supervisor)?.of(this.#key);
  }

  override toString(): string {
    return this.name;
  }
}

/** `undefined` when the supervisor has ended. */
export function partitionsOf(supervisor: Destination): Partitions | undefined {
  return stateOf(find(supervisor), Partitions);
}

function runtimeOf(supervisor: Destination): Runtime {
  const address: unknown = supervisor;
  return address instanceof NamedAddress ? address.runtime : (find(supervisor) as Cell).runtime;
}
