import {
  type ChildOptions,
  type ChildSpec,
  childSpec as createChildSpec,
  type ExitReason,
  type Process,
  type Shutdown,
} from '@reprise/actor';
import { childKeys, partOf } from '@reprise/actor/options';
import { describe } from '@reprise/actor/text';

import { assertKey } from './key.ts';
import { memberOf } from './member/behaviour.ts';
import { isRefusal } from './member/start-error.ts';
import type { ClusterChildOptions, ClusterOptions } from './options/options.ts';
import { type AnyOptions, type Settings, settingsOf } from './options/settings.ts';
import type { StoreKind } from './store.ts';
import { drain as drainMember } from './tree/duty.ts';
import { type ClusterStatus, memberIn, statusOf } from './tree/status.ts';
import { type ClusterPid, isCluster, startTree } from './tree/tree.ts';

export type { Phase } from './core/node-core.ts';
export type { Failure } from './member/failure.ts';
export type { InvalidRow } from './options/listing.ts';
export type { ClientOptions } from './options/options.ts';
export type { Owned, OwnedTransaction } from './options/sink.ts';
export type { ListContext, StreamList, StreamOf, Streams } from './options/streams.ts';
export type { Stall } from './stream/stall.ts';
export type { NodeStatus } from './tree/status.ts';
export type {
  ClusterChildOptions as ChildOptions,
  ClusterOptions as Options,
  ClusterPid as Pid,
  ClusterStatus as Status,
};

/** How long a node may take to release its streams when it is to stop, in ms. */
const defaultShutdown = 30_000;

/**
 * A node of a cluster, as a child of a supervisor. All nodes of the same store share the streams:
 * each stream has one live owner, and goes on elsewhere when its node ends. Its client is that of
 * `SseClient.resilient`.
 *
 * `shutdown`: how long the node may take to release its streams in order when it is to stop, in ms;
 * handlers that have not settled by then are given up. Default: 30,000. The `deadline` of
 * `Application.run` has to be longer.
 * @throws TypeError or RangeError for a wrong option
 * @see https://github.com/reprise/reprise/blob/main/docs/cluster.md
 * @example
 * ```ts
 * import { createSystem, Supervisor } from '@reprise/actor';
 * import { Cluster, memory } from '@reprise/cluster';
 * import { chaos, inOrder } from '@reprise/sse/testing';
 *
 * const source = await chaos({ plan: inOrder([]), eventsPerSecond: 0 });
 * const handled = Promise.withResolvers<string>();
 * const system = createSystem();
 * await Supervisor.startLink(system, {
 *   strategy: 'oneForOne',
 *   children: [
 *     Cluster.childSpec({
 *       id: 'prices',
 *       store: memory(),
 *       streams: { eur: { market: 'fx' }, gold: { market: 'metals' } },
 *       client: ({ key }) => ({ url: `${source.url}${key}` }),
 *       handle: (event, { key, data }) => handled.resolve(`${key} of ${data.market}: ${event.id}`),
 *     }),
 *   ],
 * });
 * source.stream('gold').produce(1);
 * console.log(await handled.promise); // gold of metals: 1
 *
 * await system.stop();
 * await source.close();
 * ```
 */
export function childSpec<const Id extends string, Tx, Kind extends StoreKind, Data = undefined>(
  options: ClusterChildOptions<Id, Data, Tx, Kind>,
): ChildSpec<Id, ClusterPid> {
  const given = options as AnyOptions & ChildOptions<Id>;
  const settings = settingsOf('Cluster.childSpec', given, childKeys);
  const { shutdown = defaultShutdown, ...child } = partOf<ChildOptions<Id>>(given, childKeys);
  return specOf(settings, { ...child, shutdown });
}

function specOf<Id extends string>(
  settings: Settings,
  child: ChildOptions<Id> & { readonly shutdown: Shutdown },
): ChildSpec<Id, ClusterPid> {
  const start = (parent: Process): Promise<ClusterPid> =>
    startTree(parent, settings, child.shutdown);
  const spec = createChildSpec(start, { ...child, type: 'supervisor' });
  // The supervisor itself has no limit: its children have one each, and end in order.
  return { ...spec, shutdown: Infinity };
}

/**
 * Starts a node of a cluster, linked to `parent`: see `childSpec`. Resolves once the node has
 * joined; if another node of its name has died, that takes as long as its lease.
 * @throws ExitError if the store cannot be opened, or if a living node has this name or another
 * `ttl`; TypeError or RangeError for a wrong option
 * @example
 * ```ts
 * import { createSystem } from '@reprise/actor';
 * import { Cluster, memory } from '@reprise/cluster';
 *
 * const system = createSystem();
 * const cluster = await Cluster.startLink(system, {
 *   store: memory(),
 *   node: 'a',
 *   streams: [],
 *   client: ({ key }) => ({ url: `https://example.com/${key}` }),
 *   handle: (event) => console.log(event.data),
 * });
 * console.log(Cluster.status(cluster).node.phase); // member
 * await system.stop();
 * ```
 */
export async function startLink<Tx, Kind extends StoreKind, Data = undefined>(
  parent: Process,
  options: ClusterOptions<Data, Tx, Kind> & { readonly shutdown?: Shutdown },
): Promise<ClusterPid> {
  const given = options as AnyOptions & { readonly shutdown?: Shutdown };
  const settings = settingsOf('Cluster.startLink', given, { shutdown: true });
  const { shutdown = defaultShutdown } = given;
  specOf(settings, { id: 'cluster', shutdown });
  return startTree(parent, settings, shutdown);
}

/**
 * The state of a node and of its cluster as it knows it, at once: nobody is asked. For probes of
 * readiness: `isWell` is false while a stream of the node makes no progress.
 * @throws TypeError for anything but the pid of a cluster
 * @throws ExitError while the node starts again after a crash
 * @example
 * ```ts
 * import { createSystem } from '@reprise/actor';
 * import { Cluster, memory } from '@reprise/cluster';
 *
 * const system = createSystem();
 * const cluster = await Cluster.startLink(system, {
 *   store: memory(),
 *   node: 'a',
 *   streams: [],
 *   client: ({ key }) => ({ url: `https://example.com/${key}` }),
 *   handle: (event) => console.log(event.data),
 * });
 * const { isWell, node, store } = Cluster.status(cluster);
 * console.log(isWell, node.name, node.owned, store.engine); // true a 0 memory
 * await system.stop();
 * ```
 */
export function status(cluster: ClusterPid): ClusterStatus {
  assertCluster(cluster);
  return statusOf(cluster);
}

/**
 * Releases the streams of a node in order, and leaves the cluster: as SIGTERM does, while the
 * program goes on. Each running handler settles first. Resolves once the node has left; it does not
 * join again.
 * @throws TypeError for anything but the pid of a cluster
 * @throws ExitError if the node ends before
 * @example
 * ```ts
 * import { createSystem } from '@reprise/actor';
 * import { Cluster, memory } from '@reprise/cluster';
 *
 * const system = createSystem();
 * const cluster = await Cluster.startLink(system, {
 *   store: memory(),
 *   streams: [],
 *   client: ({ key }) => ({ url: `https://example.com/${key}` }),
 *   handle: (event) => console.log(event.data),
 * });
 * await Cluster.drain(cluster);
 * console.log(Cluster.status(cluster).node.phase); // left
 * await system.stop();
 * ```
 */
export async function drain(cluster: ClusterPid): Promise<void> {
  assertCluster(cluster);
  await drainMember(memberIn(cluster));
}

/**
 * The name of the node that runs a stream now, as the store has it; `undefined` if none does.
 * Another node may have it a moment later.
 * @throws TypeError for anything but the pid of a cluster, or the key of a stream
 * @throws the error of the store if it cannot be reached
 * @example
 * ```ts
 * import { createSystem } from '@reprise/actor';
 * import { Cluster, memory } from '@reprise/cluster';
 *
 * const system = createSystem();
 * const cluster = await Cluster.startLink(system, {
 *   store: memory(),
 *   streams: [],
 *   client: ({ key }) => ({ url: `https://example.com/${key}` }),
 *   handle: (event) => console.log(event.data),
 * });
 * console.log(await Cluster.owner(cluster, 'nowhere')); // undefined
 * await system.stop();
 * ```
 */
export async function owner(cluster: ClusterPid, key: string): Promise<string | undefined> {
  assertCluster(cluster);
  assertKey(key);
  return memberOf(memberIn(cluster)).store.owner(key);
}

/**
 * Tries a parked stream again now: the next node that looks takes it, with the strikes that it has.
 * Resolves to false if there is no such stream.
 * @throws TypeError for anything but the pid of a cluster, or the key of a stream
 * @throws the error of the store if it cannot be reached
 * @example
 * ```ts
 * import { createSystem } from '@reprise/actor';
 * import { Cluster, memory } from '@reprise/cluster';
 *
 * const system = createSystem();
 * const cluster = await Cluster.startLink(system, {
 *   store: memory(),
 *   streams: [],
 *   client: ({ key }) => ({ url: `https://example.com/${key}` }),
 *   handle: (event) => console.log(event.data),
 * });
 * console.log(await Cluster.retry(cluster, 'nowhere')); // false
 * await system.stop();
 * ```
 */
export async function retry(cluster: ClusterPid, key: string): Promise<boolean> {
  assertCluster(cluster);
  assertKey(key);
  return memberOf(memberIn(cluster)).store.retry(key);
}

/**
 * For the option `exitStatus` of `Application.run`: 3 if the program ends because a cluster refused
 * its start, or has lost its tables, and `status` otherwise. Starting it again is then useless
 * until somebody mends the store or the options.
 * @example
 * ```ts
 * import { crash } from '@reprise/actor';
 * import { Cluster } from '@reprise/cluster';
 *
 * // Application.run(tree, { exitStatus: Cluster.exitStatus })
 * console.log(Cluster.exitStatus(crash(new Error('out of paper')), 1)); // 1
 * ```
 */
export function exitStatus(reason: ExitReason, status: number, cause: ExitReason = reason): number {
  return isRefusal(reason) || isRefusal(cause) ? 3 : status;
}

function assertCluster(cluster: ClusterPid): void {
  if (!isCluster(cluster)) {
    throw new TypeError(`Expected the pid of a cluster, got ${describe(cluster)}`);
  }
}
