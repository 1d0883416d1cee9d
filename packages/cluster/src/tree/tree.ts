import {
  childSpec,
  type ChildSpec,
  DynamicSupervisor,
  GenServer,
  type Pid,
  type Process,
  type Shutdown,
  Supervisor,
} from '@reprise/actor';

import { type Kept, listerBehaviour } from '../list/lister.ts';
import { memberBehaviour, type MemberPid } from '../member/behaviour.ts';
import type { StartError } from '../member/start-error.ts';
import type { Settings } from '../options/settings.ts';
import type { OpenStore } from '../store.ts';
import { assertClient } from '../stream/client.ts';
import { dutyBehaviour } from './duty.ts';
import { storeBehaviour } from './store-server.ts';

declare const cluster: unique symbol;

/** The pid of a cluster, which is that of a supervisor. */
export interface ClusterPid extends Supervisor.Pid {
  readonly [cluster]: true;
}

/** The supervisors of clusters. */
const clusters: WeakSet<Pid> = new WeakSet();

export function isCluster(pid: unknown): pid is ClusterPid {
  return clusters.has(pid as Pid);
}

/** What the children have found out that come after it. */
interface Parts {
  store?: OpenStore<unknown>;
  member?: MemberPid;
  clients?: DynamicSupervisor.Pid;
  readonly kept: Kept;
  /** The store has lost its tables: only another start of the store may go on. */
  missingTables?: StartError | undefined;
}

/**
 * Starts the supervisor of a cluster: store → member → clients → duty → lister, each of which needs
 * those before it. Rejects if the store or the other nodes refuse the node, or if the options of a
 * client can never work. `shutdown`: how long the node may take to release its streams when it is
 * to stop.
 */
export async function startTree(
  parent: Process,
  settings: Settings,
  shutdown: Shutdown,
): Promise<ClusterPid> {
  assertClients(settings);
  const parts: Parts = { kept: {} };
  const pid = await Supervisor.startLink(parent, {
    strategy: 'restForOne',
    children: [
      storeSpec(parts, settings),
      memberSpec(parts, settings),
      clientsSpec(parts),
      childSpec(
        (supervisor) => GenServer.startLink(supervisor, dutyBehaviour, known(parts.member)),
        { id: 'duty', shutdown },
      ),
      listerSpec(parts, settings),
    ],
  });
  clusters.add(pid);
  return pid as Supervisor.Pid as ClusterPid;
}

/** All streams of a list that stays as it is. Those of another one are only known later. */
function assertClients({ streams, client }: Settings): void {
  for (const stream of streams.type === 'fixed' ? streams.listed : []) {
    assertClient(stream, client);
  }
}

function storeSpec(parts: Parts, settings: Settings): ChildSpec<'store'> {
  return childSpec(
    async (parent) => {
      const pid = await GenServer.startLink(parent, storeBehaviour, settings);
      parts.store = await GenServer.call(pid, 'opened');
      parts.missingTables = undefined;
      return pid;
    },
    { id: 'store' },
  );
}

function memberSpec(parts: Parts, settings: Settings): ChildSpec<'member', MemberPid> {
  return childSpec(
    async (parent) => {
      if (parts.missingTables !== undefined) {
        throw parts.missingTables;
      }
      const pid = await GenServer.startLink(parent, memberBehaviour, {
        settings,
        store: known(parts.store),
        clients: () => known(parts.clients),
        onMissingTables: (error) => {
          parts.missingTables = error;
        },
      });
      await joined(pid);
      parts.member = pid;
      return pid;
    },
    // Its last requests take an eighth of the ttl each.
    { id: 'member', shutdown: settings.ttl },
  );
}

function clientsSpec(parts: Parts): ChildSpec<'clients', DynamicSupervisor.Pid> {
  return childSpec(
    async (parent) => {
      parts.clients = await DynamicSupervisor.startLink(parent);
      return parts.clients;
    },
    { id: 'clients', type: 'supervisor' },
  );
}

/** It ends first: it waits for the user's function, which may hang. */
function listerSpec(parts: Parts, settings: Settings): ChildSpec<'lister'> {
  return childSpec(
    (parent) =>
      GenServer.startLink(parent, listerBehaviour, {
        settings,
        store: known(parts.store),
        member: known(parts.member),
        kept: parts.kept,
      }),
    { id: 'lister', shutdown: 'brutalKill' },
  );
}

/** A node whose name is taken may wait for the end of a lease: as long as that takes. */
async function joined(member: MemberPid): Promise<void> {
  const answer = await GenServer.call(member, 'whenJoined', undefined, { timeout: Infinity });
  if (answer.type === 'refused') {
    await GenServer.stop(member);
    throw answer.error;
  }
}

function known<Part>(part: Part | undefined): Part {
  if (part === undefined) {
    throw new Error('Expected the children of a cluster to be started in order, got another one');
  }
  return part;
}
