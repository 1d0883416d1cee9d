import type { Process } from '@reprise/actor';
import { advance, createTestSystem, type TestSystem } from '@reprise/actor/testing';
import type { ServerSentEvent } from '@reprise/sse';
import { chaos, type ChaosServer, inOrder } from '@reprise/sse/testing';

import { Cluster, memory, type MemoryStore } from '../../src/index.ts';
import { Queue } from './queue.ts';

/** An event that a sink was given. */
export interface Handled {
  readonly node: string;
  readonly key: string;
  readonly id: string;
  readonly epoch: number;
}

type Owned = Cluster.Owned<undefined>;

/** The options of a node in which a test differs. */
export type NodeOptions = Partial<
  Omit<
    Cluster.Options<undefined, undefined, 'async'>,
    'handle' | 'transact' | 'transactBatch' | 'maxBatch'
  >
> & {
  readonly handle?: (event: ServerSentEvent, owned: Owned) => unknown;
  readonly transact?: (event: ServerSentEvent, owned: Owned) => unknown;
  readonly transactBatch?: (events: readonly ServerSentEvent[], owned: Owned) => unknown;
  readonly shutdown?: number;
};

/**
 * The stage of a test: a source of streams whose events the test makes, a store in memory, and
 * nodes in one system, whose time the test advances.
 */
export interface Stage extends AsyncDisposable {
  readonly system: TestSystem;
  readonly source: ChaosServer;
  readonly store: MemoryStore;
  readonly handled: Queue<Handled>;
  /**
   * Starts a node of this name, whose ttl is a second, with the streams a, b and c. `parent` is the
   * system unless it is given.
   */
  start(node: string, options?: NodeOptions, parent?: Process): Promise<Cluster.Pid>;
  /** Makes an event of each of these streams, and resolves with what the sinks were given. */
  produce(...keys: readonly string[]): Promise<readonly Handled[]>;
  /** A sink for `handle` that tells the test. */
  sink(node: string): (event: ServerSentEvent, owned: Owned) => void;
}

export const ttl = 1000;

export async function openStage(system: TestSystem = createTestSystem()): Promise<Stage> {
  const source = await chaos({ plan: inOrder([]), eventsPerSecond: 0, clock: system.clock });
  const store = memory();
  const handled = new Queue<Handled>();
  const sink: Stage['sink'] =
    (node) =>
    ({ lastEventId: id }, { key, epoch }) => {
      handled.push({ node, key, id, epoch });
    };
  return {
    system,
    source,
    store,
    handled,
    sink,
    start: (node, options = {}, parent = system) => {
      const { transact, transactBatch } = options;
      const handle = (transact ?? transactBatch) === undefined ? sink(node) : undefined;
      return Cluster.startLink(parent, {
        store,
        node,
        ttl,
        streams: ['a', 'b', 'c'],
        client: ({ key }: { readonly key: string }) => ({ url: `${source.url}${key}` }),
        ...(handle === undefined ? {} : { handle }),
        ...options,
      } as Cluster.Options<undefined, undefined, 'async'>);
    },
    produce: async (...keys) => {
      for (const key of keys) {
        source.stream(key).produce();
      }
      const events: Handled[] = [];
      for (const _ of keys) {
        events.push(await handled.next());
      }
      return events.toSorted((one, other) => one.key.localeCompare(other.key));
    },
    async [Symbol.asyncDispose]() {
      const stopped = system.stop();
      await advance(system, 60_000);
      await stopped;
      await source.close();
    },
  };
}
