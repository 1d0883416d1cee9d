import type { Clock } from '@reprise/actor';

import { assertKey } from '../key.ts';
import { Rows } from '../rows.ts';
import type {
  Claim,
  CursorMove,
  DeclaredStream,
  FreeStream,
  Held,
  JoiningNode,
  NodeFacts,
  NodeRow,
  OpenStore,
  OwnedCursor,
  SavedRow,
  SeenNode,
  Store,
  StreamTable,
  Survey,
  View,
} from '../store.ts';
import { MemoryTables } from './tables.ts';

/**
 * A store in the memory of this process, for tests and simulations: all clusters that are given it
 * share it, and nothing of it outlives the process. Its `tx` is `undefined`: the effects of a sink
 * are not undone if its transaction is refused. A sink may be asynchronous.
 * @see https://github.com/reprise/reprise/blob/main/docs/cluster.md
 * @example
 * ```ts
 * import { systemClock } from '@reprise/actor';
 * import { memory } from '@reprise/cluster';
 *
 * const store = memory();
 * const options = { ttl: 1000, clock: systemClock(), onError: console.error, onWarning: console.warn };
 * const open = await store.open(options);
 * await open.declare([{ key: 'eur', spec: '' }]);
 * console.log(await open.watch()); // []
 * await open.close();
 * ```
 */
export function memory(): MemoryStore {
  // The clock of a test, whose time a test advances.
  let clock: Clock | undefined;
  const tables = new MemoryTables(() => clock?.date?.() ?? Date.now());
  return {
    kind: 'async',
    streams: tables.streams,
    rows: (schema) => new Rows(schema),
    open: async (options) => {
      ({ clock } = options);
      return new OpenMemoryStore(tables);
    },
  };
}

/** A store in memory. */
export interface MemoryStore extends Store<undefined, 'async'> {
  /**
   * The table of streams: the data of each key, as JSON can have it. A change counts as soon as it
   * is made.
   */
  readonly streams: Map<string, unknown>;
}

/** Each request is done within the call; its answer comes as a promise, as that of any store. */
class OpenMemoryStore implements OpenStore<undefined> {
  readonly engine = 'memory';
  readonly #tables: MemoryTables;
  #listed: ReadonlySet<string> = new Set();
  #isClosed = false;

  constructor(tables: MemoryTables) {
    this.#tables = tables;
  }

  async join(node: JoiningNode, renewal: string): Promise<NodeRow | undefined> {
    return this.#open().join(node, renewal);
  }

  async renew(id: string, renewal: string, facts: NodeFacts): Promise<boolean> {
    return this.#open().renew(id, renewal, facts);
  }

  async watch(): Promise<readonly NodeRow[]> {
    return this.#open().watch();
  }

  async observe(id: string, dead: readonly SeenNode[], held: Held): Promise<View> {
    return this.#open().observe(id, dead, held, this.#listed);
  }

  async claim(id: string, wanted: readonly FreeStream[]): Promise<readonly Claim[]> {
    return this.#open().claim(id, wanted);
  }

  async save(id: string, rows: readonly SavedRow[]): Promise<readonly string[]> {
    return this.#open().save(id, rows);
  }

  /** The check beforehand keeps the handler of another node's stream from beginning. */
  async transact(
    id: string,
    move: CursorMove,
    work: (tx: undefined) => unknown,
    signal: AbortSignal,
  ): Promise<unknown> {
    signal.throwIfAborted();
    this.#open().check(id, move);
    const result = await untilAbort(work(undefined), signal);
    this.#open().advance(id, move);
    return result;
  }

  async compare(id: string, cursors: readonly OwnedCursor[]): Promise<readonly string[]> {
    return this.#open().compare(id, cursors);
  }

  async list(version: string | undefined): Promise<StreamTable | undefined> {
    return this.#open().list(version);
  }

  async declare(streams: readonly DeclaredStream[]): Promise<boolean> {
    for (const { key } of streams) {
      assertKey(key);
    }
    this.#open().declare(streams);
    this.#listed = new Set(streams.map(({ key }) => key));
    return true;
  }

  async leave(id: string): Promise<void> {
    this.#open().leave(id);
  }

  async survey(limit: number): Promise<Survey> {
    return this.#open().survey(limit);
  }

  async owner(key: string): Promise<string | undefined> {
    return this.#open().nameOfOwner(key);
  }

  async retry(key: string): Promise<boolean> {
    return this.#open().retry(key);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }

  #open(): MemoryTables {
    if (this.#isClosed) {
      throw new Error('Expected an open store, got one that is closed');
    }
    return this.#tables;
  }
}

/** What work resolves to, unless the signal aborts before that. */
async function untilAbort(work: unknown, signal: AbortSignal): Promise<unknown> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => {
    aborted.reject(signal.reason);
  };
  signal.addEventListener('abort', abort);
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
