import { heldOf } from '../held.ts';
import {
  type Claim,
  type CursorMove,
  type FreeStream,
  type Held,
  type JoiningNode,
  type NodeFacts,
  type NodeRow,
  NotOwnerError,
  type OwnedStream,
  type SavedRow,
  type SeenNode,
  type View,
} from '../store.ts';

interface NodeRecord {
  readonly row: NodeRow;
  /** `undefined` while it lives. */
  readonly buriedAt: number | undefined;
}

/** Who runs a stream, and how far it has come. */
export interface OwnerRow {
  readonly owner: string | undefined;
  readonly epoch: number;
  readonly cursor: string;
  readonly recent: string | undefined;
}

const mostFree = 5000;
const undeclared: OwnerRow = { owner: undefined, epoch: 0, cursor: '', recent: undefined };

/**
 * The rows of nodes and of owners, and what each request does to them at one instant: the port
 * without connections and without delays.
 */
export class MemoryTables {
  readonly #date: () => number;
  readonly #nodes: Map<string, NodeRecord>;
  readonly #owners: Map<string, OwnerRow>;

  /** `date`: the wall clock of the store, in ms since 1970. */
  constructor(date: () => number, from?: MemoryTables) {
    this.#date = date;
    this.#nodes = new Map(from === undefined ? [] : from.#nodes);
    this.#owners = new Map(from === undefined ? [] : from.#owners);
  }

  /** The rows as they are now, for a test that loses what comes later. */
  copy(): MemoryTables {
    return new MemoryTables(this.#date, this);
  }

  /** The row of a stream. */
  owner(key: string): OwnerRow | undefined {
    return this.#owners.get(key);
  }

  join(node: JoiningNode, renewal: string): NodeRow | undefined {
    const holder = this.watch().find(({ name }) => name === node.name);
    if (holder !== undefined && holder.id !== node.id) {
      return holder;
    }
    if (!this.#isBuried(node.id)) {
      const row = { owned: 0, draining: false, ...holder, ...node, renewal };
      this.#nodes.set(node.id, { row, buriedAt: undefined });
    }
    return undefined;
  }

  renew(id: string, renewal: string, facts: NodeFacts): boolean {
    const record = this.#nodes.get(id);
    if (record === undefined || record.buriedAt !== undefined) {
      return false;
    }
    this.#nodes.set(id, { ...record, row: { ...record.row, ...facts, renewal } });
    return true;
  }

  watch(): readonly NodeRow[] {
    return [...this.#nodes.values()].flatMap(({ row, buriedAt }) =>
      buriedAt === undefined ? [row] : [],
    );
  }

  observe(id: string, dead: readonly SeenNode[], held: Held): View {
    const date = this.#date();
    for (const seen of dead) {
      this.#bury(seen, date);
    }
    const mine = this.#ownedBy(id);
    const { count, epochs } = heldOf(mine);
    const isHeld = count === held.count && epochs === held.epochs;
    return { nodes: this.watch(), mine: isHeld ? undefined : mine, free: this.#free(date) };
  }

  claim(id: string, wanted: readonly FreeStream[]): readonly Claim[] {
    return this.#isLiving(id) ? wanted.flatMap((stream) => this.#give(stream, id)) : [];
  }

  save(id: string, rows: readonly SavedRow[]): readonly string[] {
    const accepted = rows.filter((row) => this.#isOwner(id, row));
    for (const { key, cursor, recent, outcome } of accepted) {
      const row = this.#owners.get(key) ?? undeclared;
      this.#owners.set(key, {
        ...row,
        cursor: cursor ?? row.cursor,
        recent: recent ?? row.recent,
        owner: outcome === undefined ? id : undefined,
      });
    }
    return accepted.map(({ key }) => key);
  }

  /**
   * Whether the cursor of a stream may make this step.
   * @throws NotOwnerError if not.
   */
  check(id: string, move: CursorMove): void {
    if (!this.#isOwner(id, move) || this.#owners.get(move.key)?.cursor !== move.was) {
      throw new NotOwnerError(move);
    }
  }

  advance(id: string, move: CursorMove): void {
    this.check(id, move);
    this.save(id, [{ key: move.key, epoch: move.epoch, cursor: move.cursor }]);
  }

  declare(keys: readonly string[]): void {
    for (const key of keys) {
      this.#owners.set(key, this.#owners.get(key) ?? undeclared);
    }
  }

  leave(id: string): void {
    this.save(
      id,
      this.#ownedBy(id).map((stream) => ({ ...stream, outcome: 'drained' })),
    );
    this.#nodes.delete(id);
  }

  #isBuried(id: string): boolean {
    return this.#nodes.get(id)?.buriedAt !== undefined;
  }

  #isLiving(id: string): boolean {
    return this.#nodes.has(id) && !this.#isBuried(id);
  }

  #isOwner(id: string, { key, epoch }: OwnedStream): boolean {
    const row = this.#owners.get(key);
    return row?.owner === id && row.epoch === epoch;
  }

  #bury({ id, renewal }: SeenNode, date: number): void {
    const record = this.#nodes.get(id);
    if (record?.buriedAt === undefined && record?.row.renewal === renewal) {
      this.#nodes.set(id, { ...record, buriedAt: date });
    }
  }

  #ownedBy(id: string): readonly OwnedStream[] {
    return [...this.#owners].flatMap(([key, { owner, epoch }]) =>
      owner === id ? [{ key, epoch }] : [],
    );
  }

  #free(date: number): readonly FreeStream[] {
    const free: FreeStream[] = [];
    for (const [key, { owner, epoch }] of this.#owners) {
      const buriedAt = owner === undefined ? date : this.#nodes.get(owner)?.buriedAt;
      if (buriedAt !== undefined && free.length < mostFree) {
        free.push({ key, epoch, deadFor: Math.max(0, date - buriedAt), strikes: 0 });
      }
    }
    return free;
  }

  /** Epochs grow, also after the rows were put back to an older state. */
  #give({ key, epoch }: OwnedStream, id: string): readonly Claim[] {
    const row = this.#owners.get(key);
    if (row === undefined || row.epoch !== epoch) {
      return [];
    }
    const next = Math.max(epoch + 1, Math.floor(this.#date()));
    this.#owners.set(key, { ...row, owner: id, epoch: next });
    return [{ key, epoch: next, cursor: row.cursor, recent: row.recent, strikes: 0 }];
  }
}
