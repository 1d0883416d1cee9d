import type { Clock, TimeoutHandle } from '@reprise/actor';

/** What is kept of a node. Each renewal changes its version, and nothing else. */
export interface NodeRow {
  /** One life of the process: from its join to the end of its lease. */
  readonly life: string;
  readonly renewal: number;
  readonly isBuried: boolean;
}

export interface StreamRow {
  /** `undefined` before the first claim. */
  readonly owner?: { readonly node: string; readonly life: string };
  readonly epoch: number;
}

/** The rows of the store: `node NAME` and `stream KEY`. */
export type Rows = Readonly<Record<`node ${string}`, NodeRow>> &
  Readonly<Record<`stream ${string}`, StreamRow>>;

interface Versioned<Row> {
  readonly value: Row | undefined;
  readonly version: number;
}

/** What ownership needs of a store: a read, and a write that counts if nobody wrote in between. */
export interface OwnershipStore {
  read<Key extends keyof Rows>(key: Key): Promise<Versioned<Rows[Key]>>;
  update<Key extends keyof Rows>(
    key: Key,
    value: Rows[Key],
    read: { readonly version: number },
  ): Promise<boolean>;
}

export interface MemberOptions {
  readonly name: string;
  readonly store: OwnershipStore;
  readonly clock: Clock;
  /** As `Math.random`. */
  readonly random: () => number;
  /** T: how long a lease is good without a renewal, in ms. */
  readonly ttl: number;
  /** Between two looks, and at most between two effects, in ms. */
  readonly pause: number;
  /** The names of all nodes, and the keys of all streams. */
  readonly nodes: readonly string[];
  readonly streams: readonly string[];
  /** Does something outside of the store, for the stream that is owned. */
  readonly work: (key: string, epoch: number, life: string) => void;
}

/** A value of a node's row, and since when it stands still, by the own clock. */
interface Seen {
  readonly version: number;
  readonly since: number;
}

/**
 * One node of a cluster that gives each stream one owner. A lease is a value that changes: its node
 * renews it, and whoever has watched one value stand still for T may bury the node. The node itself
 * trusts its lease for less than T from the sending of the last good renewal. No two clocks are
 * compared.
 */
export class Member {
  readonly #options: MemberOptions;
  /** The epochs of the streams that run here. */
  readonly #owned: Map<string, number> = new Map();
  readonly #seen: Map<string, Seen> = new Map();
  #lives = 0;
  #life = '';
  #renewal = 0;
  /** The version of the own row. */
  #version = 0;
  #deadline = -Infinity;

  constructor(options: MemberOptions) {
    this.#options = options;
    void this.#run();
  }

  /** Whether a stream runs here. */
  runs(key: string): boolean {
    return this.#holds() && this.#owned.has(key);
  }

  /** Life after life: a join, then renewals, looks and work until the lease is over. */
  async #run(): Promise<never> {
    for (;;) {
      await this.#join();
      await Promise.all([this.#renewals(), this.#looks(), this.#works()]);
      await this.#sleep(50 + this.#options.random() * 100);
    }
  }

  // The lease

  /** Whether the lease is good. Everything asks this first: past the deadline all streams stop. */
  #holds(): boolean {
    if (this.#options.clock.now() < this.#deadline) {
      return true;
    }
    this.#owned.clear();
    return false;
  }

  /** Takes the row of this node, once the life that has it is over. */
  async #join(): Promise<void> {
    const { name, store, clock, ttl } = this.#options;
    this.#lives += 1;
    const life = `${name} ${clock.now()} ${this.#lives}`;
    while (this.#life !== life) {
      try {
        const row = await this.#within(store.read(`node ${name}`));
        const last = row.value;
        if (last === undefined || last.isBuried || last.life === this.#life) {
          await this.#renew(life, row.version);
        } else {
          await this.#watch(name, row);
        }
      } catch {
        // Asked again.
      }
      await this.#sleep(ttl / 16);
    }
  }

  async #renewals(): Promise<void> {
    while (this.#holds()) {
      await this.#sleep(this.#options.ttl / 4);
      await this.#renew(this.#life, this.#version).catch(() => undefined);
    }
  }

  /**
   * Writes a new value and looks whether it is there: the answer to a write may be lost. The
   * deadline counts from before the write was sent, and one that has passed stays so.
   */
  async #renew(life: string, version: number): Promise<void> {
    const { name, store, clock, ttl } = this.#options;
    const sentAt = clock.now();
    const isFirst = life !== this.#life;
    this.#renewal += 1;
    const row = { life, renewal: this.#renewal, isBuried: false };
    await this.#within(store.update(`node ${name}`, row, { version })).catch(() => undefined);
    const { value, version: latest } = await this.#within(store.read(`node ${name}`));
    if (value?.life !== life || value.isBuried) {
      this.#deadline = isFirst ? this.#deadline : -Infinity;
    } else if (isFirst || this.#holds()) {
      this.#life = life;
      this.#version = latest;
      const isWritten = value.renewal === row.renewal;
      this.#deadline = isWritten ? sentAt + ttl * 0.9 : this.#deadline;
    }
  }

  // The others

  async #looks(): Promise<void> {
    const { nodes, streams, name, pause } = this.#options;
    while (this.#holds()) {
      try {
        for (const node of nodes.filter((other) => other !== name)) {
          await this.#lookAtNode(node);
        }
        for (const key of streams) {
          await this.#lookAtStream(key);
        }
      } catch {
        // Looked at again.
      }
      await this.#sleep(pause);
    }
  }

  async #lookAtNode(node: string): Promise<void> {
    const row = await this.#within(this.#options.store.read(`node ${node}`));
    await this.#watch(node, row);
  }

  /** Buries a node whose value has stood still for T since the answer that showed it first. */
  async #watch(node: string, { value, version }: Versioned<NodeRow>): Promise<void> {
    const { store, clock, ttl } = this.#options;
    const seen = this.#seen.get(node);
    if (seen?.version !== version) {
      this.#seen.set(node, { version, since: clock.now() });
    } else if (value?.isBuried === false && clock.now() - seen.since >= ttl) {
      await this.#within(store.update(`node ${node}`, { ...value, isBuried: true }, { version }));
    }
  }

  /** Stops the stream if it is another's, claims it if it is free. */
  async #lookAtStream(key: string): Promise<void> {
    const { store } = this.#options;
    const life = this.#life;
    const { value = { epoch: 0 }, version } = await this.#within(store.read(`stream ${key}`));
    const isMine = value.owner?.life === life;
    if (isMine && this.#owned.get(key) === value.epoch) {
      return;
    }
    this.#owned.delete(key);
    // An answer to an earlier claim may be lost: then it is claimed once more.
    if (isMine || (await this.#isFree(value))) {
      const epoch = value.epoch + 1;
      const owner = { node: this.#options.name, life };
      const claim = store.update(`stream ${key}`, { owner, epoch }, { version });
      if ((await this.#within(claim)) && this.#holds() && life === this.#life) {
        this.#owned.set(key, epoch);
      }
    }
  }

  async #isFree({ owner }: StreamRow): Promise<boolean> {
    if (owner === undefined) {
      return true;
    }
    const { value } = await this.#within(this.#options.store.read(`node ${owner.node}`));
    return value?.life !== owner.life || value.isBuried;
  }

  // Work

  async #works(): Promise<void> {
    const { work, random, pause } = this.#options;
    while (this.#holds()) {
      for (const [key, epoch] of this.#owned) {
        work(key, epoch, this.#life);
      }
      await this.#sleep(random() * pause);
    }
  }

  // Time

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#options.clock.setTimeout(resolve, ms);
    });
  }

  /** A connection that hangs never fails by itself. */
  #within<Value>(answer: Promise<Value>): Promise<Value> {
    const { clock, ttl } = this.#options;
    return new Promise((resolve, reject) => {
      const timer: TimeoutHandle = clock.setTimeout(() => {
        reject(new Error('Expected an answer of the store, got none in time'));
      }, ttl / 8);
      answer.then(resolve, reject).finally(() => {
        clock.clearTimeout(timer);
      });
    });
  }
}
