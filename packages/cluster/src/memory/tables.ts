import { heldOf } from '../held.ts';
import { mostInView } from '../limits.ts';
import {
  type Claim,
  type CursorMove,
  type DeclaredStream,
  type FreeStream,
  type Held,
  type JoiningNode,
  type NodeFacts,
  type NodeRow,
  NotOwnerError,
  type OwnedCursor,
  type OwnedStream,
  type ParkedStream,
  type SavedRow,
  type SeenNode,
  type StreamRow,
  type StreamTable,
  type Survey,
  type View,
} from '../store.ts';
import { byUrgency, isDue, type OwnerRow, parkingOf, retryIn, undeclared } from './owner-row.ts';

interface NodeRecord {
  readonly row: NodeRow;
  /** On the clock of the store. */
  readonly renewedAt: number;
  /** `undefined` while it lives. */
  readonly buriedAt: number | undefined;
}

/** In ms: until then a node that asks to join once more finds that it is buried. */
const keptFor = 3_600_000;

/**
 * The rows of nodes and of owners, and the effect of each request on them at one instant: the port
 * without connections and without delays.
 */
export class MemoryTables {
  readonly #date: () => number;
  readonly #nodes: Map<string, NodeRecord>;
  readonly #owners: Map<string, OwnerRow>;
  /** The table of streams: the data of each key. */
  readonly streams: Map<string, unknown>;

  /** `date`: the wall clock of the store, in ms since 1970. */
  constructor(date: () => number, from?: MemoryTables) {
    this.#date = date;
    this.#nodes = new Map(from === undefined ? [] : from.#nodes);
    this.#owners = new Map(from === undefined ? [] : from.#owners);
    this.streams = new Map(from === undefined ? [] : from.streams);
  }

  /** The rows as they are now, for a test that loses what comes later. */
  copy(): MemoryTables {
    return new MemoryTables(this.#date, this);
  }

  /** The row of a stream. */
  owner(key: string): OwnerRow | undefined {
    return this.#owners.get(key);
  }

  /** The name of the node that owns it, if that lives. */
  nameOfOwner(key: string): string | undefined {
    const node = this.#nodes.get(this.#owners.get(key)?.owner ?? '');
    return node?.buriedAt === undefined ? node?.row.name : undefined;
  }

  join(node: JoiningNode, renewal: string): NodeRow | undefined {
    const holder = this.watch().find(({ name }) => name === node.name);
    if (holder !== undefined && holder.id !== node.id) {
      return holder;
    }
    if (!this.#isBuried(node.id)) {
      const row = { ...factsOfJoin, ...holder, ...node, renewal };
      this.#nodes.set(node.id, { row, renewedAt: this.#date(), buriedAt: undefined });
    }
    this.#sweep(this.#date() - keptFor);
    return undefined;
  }

  renew(id: string, renewal: string, facts: NodeFacts): boolean {
    const record = this.#nodes.get(id);
    if (record === undefined || record.buriedAt !== undefined) {
      return false;
    }
    const row = { ...record.row, ...facts, renewal };
    this.#nodes.set(id, { ...record, row, renewedAt: this.#date() });
    return true;
  }

  watch(): readonly NodeRow[] {
    return this.#living.map(({ row }) => row);
  }

  /** `listed`: the streams of the node, which come first if there are too many. */
  observe(
    id: string,
    dead: readonly SeenNode[],
    held: Held,
    listed: ReadonlySet<string> = new Set(),
  ): View {
    const date = this.#date();
    for (const seen of dead) {
      this.#bury(seen, date);
    }
    const mine = this.#ownedBy(id);
    const { count, epochs } = heldOf(mine);
    const isHeld = count === held.count && epochs === held.epochs;
    return {
      nodes: this.watch(),
      mine: isHeld ? undefined : mine,
      free: shown(this.#free(date), listed),
      parked: shown(this.#parked(date), listed),
    };
  }

  claim(id: string, wanted: readonly FreeStream[]): readonly Claim[] {
    return this.#isLiving(id) ? wanted.flatMap((stream) => this.#give(stream, id)) : [];
  }

  save(id: string, rows: readonly SavedRow[]): readonly string[] {
    const accepted = rows.filter((row) => this.#isOwner(id, row));
    for (const row of accepted) {
      this.#write(id, row);
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

  compare(id: string, cursors: readonly OwnedCursor[]): readonly string[] {
    return cursors
      .filter((row) => this.#isOwner(id, row) && this.#owners.get(row.key)?.cursor !== row.cursor)
      .map(({ key }) => key);
  }

  /** The text of all rows is their version. */
  list(version: string | undefined): StreamTable | undefined {
    const text = JSON.stringify(Array.from(this.streams, ([key, spec]) => ({ key, spec })));
    return text === version ? undefined : { version: text, rows: JSON.parse(text) };
  }

  declare(streams: readonly DeclaredStream[]): void {
    for (const { key, spec } of streams) {
      const row = this.#owners.get(key) ?? { ...undeclared, spec };
      const changed = { ...row, spec, parking: undefined };
      this.#owners.set(key, row.spec === spec ? row : changed);
    }
  }

  leave(id: string): void {
    this.save(
      id,
      this.#ownedBy(id).map((stream) => ({ ...stream, outcome: 'drained' })),
    );
    this.#nodes.delete(id);
  }

  survey(limit: number): Survey {
    const date = this.#date();
    const rows = [...this.#owners].map(([key, row]) => this.#shown(key, row, date));
    const parked = rows.filter((row) => row.parked !== undefined);
    const others = rows.filter((row) => row.parked === undefined);
    const suspects = others.filter(({ strikes }) => strikes > 0);
    return {
      nodes: this.#living.map(({ row, renewedAt }) => ({ ...row, sinceRenewal: date - renewedAt })),
      streams: {
        total: rows.length,
        free: others.filter(({ owner }) => owner === undefined).length,
        suspects: suspects.length,
        parked: parked.length,
      },
      rows: rows.toSorted(byUrgency).slice(0, limit),
    };
  }

  retry(key: string): boolean {
    const row = this.#owners.get(key);
    if (row !== undefined) {
      this.#owners.set(key, { ...row, parking: undefined });
    }
    return row !== undefined;
  }

  get #living(): readonly NodeRecord[] {
    return [...this.#nodes.values()].filter(({ buriedAt }) => buriedAt === undefined);
  }

  #shown(key: string, row: OwnerRow, date: number): StreamRow {
    const { epoch, cursor, strikes, parking } = row;
    return {
      key,
      owner: this.nameOfOwner(key),
      epoch,
      cursor,
      strikes: strikes + this.#strikeOf(row),
      parked: parking?.reason,
      retryIn: retryIn(parking, date),
    };
  }

  #write(id: string, { key, cursor, recent, outcome, strikes, parked }: SavedRow): void {
    const row = this.#owners.get(key) ?? undeclared;
    const date = this.#date();
    this.#owners.set(key, {
      ...row,
      cursor: cursor ?? row.cursor,
      recent: recent ?? row.recent,
      strikes: strikes ?? row.strikes,
      owner: outcome === undefined ? id : undefined,
      parking: parked === undefined ? row.parking : parkingOf(parked, date),
    });
  }

  /** Removes the rows of nodes that own nothing any more, and were buried before this time. */
  #sweep(before: number): void {
    const old = [...this.#nodes].filter(([, { buriedAt = Infinity }]) => buriedAt < before);
    for (const [id] of old.filter(([id]) => this.#ownedBy(id).length === 0)) {
      this.#nodes.delete(id);
    }
  }

  /** 1 if its owner was buried: its death counts, though nobody has claimed the stream yet. */
  #strikeOf({ owner = '' }: OwnerRow): number {
    return this.#isBuried(owner) ? 1 : 0;
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
    const streams: OwnedStream[] = [];
    for (const [key, { owner, epoch }] of this.#owners) {
      if (owner === id) {
        streams.push({ key, epoch });
      }
    }
    return streams;
  }

  #free(date: number): readonly FreeStream[] {
    const free: FreeStream[] = [];
    for (const [key, row] of this.#owners) {
      const { owner, epoch } = row;
      const buriedAt = owner === undefined ? date : this.#nodes.get(owner)?.buriedAt;
      const deadFor = owner === undefined ? 0 : Math.max(1, date - (buriedAt ?? date));
      if (buriedAt !== undefined && isDue(row, date)) {
        const strikes = row.strikes + this.#strikeOf(row);
        free.push({ key, epoch, deadFor, strikes });
      }
    }
    return free;
  }

  #parked(date: number): readonly ParkedStream[] {
    const streams: ParkedStream[] = [];
    for (const [key, { owner, strikes, parking }] of this.#owners) {
      if (parking !== undefined && owner === undefined) {
        const { reason } = parking;
        streams.push({ key, strikes, reason, retryIn: retryIn(parking, date) });
      }
    }
    return streams;
  }

  /** Epochs grow, also after the rows were put back to an older state. */
  #give({ key, epoch }: OwnedStream, id: string): readonly Claim[] {
    const row = this.#owners.get(key);
    if (row === undefined || row.epoch !== epoch) {
      return [];
    }
    const next = Math.max(epoch + 1, Math.floor(this.#date()));
    const strikes = row.strikes + this.#strikeOf(row);
    this.#owners.set(key, { ...row, owner: id, epoch: next, strikes, parking: undefined });
    return [{ key, epoch: next, cursor: row.cursor, recent: row.recent, strikes }];
  }
}

function shown<Row extends OwnedStream | ParkedStream>(
  rows: readonly Row[],
  listed: ReadonlySet<string>,
): readonly Row[] {
  const isCrowded = rows.length > mostInView && listed.size > 0;
  const some = isCrowded ? rows.filter(({ key }) => listed.has(key)) : rows;
  return some.slice(0, mostInView);
}

const factsOfJoin: NodeFacts = { owned: 0, draining: false, list: '', busy: 0 };
