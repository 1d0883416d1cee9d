import { Supervisor } from '@reprise/actor';

import type { Phase } from '../core/node-core.ts';
import { memberOf, type MemberPid } from '../member/behaviour.ts';
import type { Failure } from '../member/failure.ts';
import type { Member } from '../member/member.ts';
import type { InvalidRow } from '../options/listing.ts';
import type { ParkedStream } from '../store.ts';
import { type Stall, stallsOf } from '../stream/stall.ts';
import type { ClusterPid } from './tree.ts';

/** A node and its cluster, as the node knows them: bounded, and without secrets. Times in ms. */
export interface ClusterStatus {
  /**
   * Whether the node may be called ready: it has a lease, and each of its streams progresses. See
   * `stalled`.
   */
  readonly isWell: boolean;
  readonly node: {
    /** Of this life of the node. */
    readonly id: string;
    readonly name: string;
    readonly phase: Phase;
    /** How long its streams may go on without another renewal; 0 without a lease. */
    readonly leaseLeft: number;
    /** How long its last 64 renewals took; `undefined` before the first. */
    readonly renewal: { readonly p50: number; readonly p99: number } | undefined;
    readonly owned: number;
    /** How late it was woken, the last time that this was more than an eighth of the ttl. */
    readonly lateBy: number;
  };
  /** The nodes that are not buried, this one among them. */
  readonly nodes: readonly NodeStatus[];
  readonly streams: {
    /** How many streams this node may own. */
    readonly listed: number;
    /** How many streams with strikes run on this node, and may be the reason of deaths. */
    readonly suspects: number;
    /** Streams that no node runs for now, and why: 100 at most. */
    readonly parked: readonly ParkedStream[];
    /** Rows of the table of streams that are not run: 100 at most. */
    readonly invalid: readonly InvalidRow[];
    /** Why there was no new list, the last time that it was asked for. */
    readonly listFailure: Failure | undefined;
    /** How many of all streams had no owner at its last look: 5,000 at most. */
    readonly free: number;
    /**
     * Streams of this node that have made no progress for three times the ttl, the longest first,
     * 100 at most. A stream progresses while its client is connected and no event waits, and when
     * an event is handled.
     */
    readonly stalled: readonly Stall[];
  };
  readonly store: {
    /** Its engine and version, such as `PostgreSQL 15.18`. */
    readonly engine: string;
    readonly lastFailure: Failure | undefined;
  };
}

export interface NodeStatus {
  readonly name: string;
  readonly owned: number;
  readonly draining: boolean;
  /** The part of the last ttl in which its thread was busy, from 0 to 1, as of its last renewal. */
  readonly busy: number;
  /** For how long its last renewal has been seen: at the ttl it is buried. 0 for this node. */
  readonly seenFor: number;
}

/** The most rows that are told. */
const mostInvalid = 100;

/** The status of a cluster, without asking anybody. */
export function statusOf(cluster: ClusterPid): ClusterStatus {
  return read(memberOf(memberIn(cluster)));
}

/** @throws ExitError while the member is being restarted. */
export function memberIn(cluster: ClusterPid): MemberPid {
  return Supervisor.child(cluster, 'member') as MemberPid;
}

function read(member: Member): ClusterStatus {
  const { core, now, settings, free } = member;
  const { engine } = member.store;
  const { lastFailure } = member.notices;
  const { listed, failure: listFailure, invalid } = member.list;
  const { id, phase, owned, lateBy } = core;
  const leaseLeft = core.lease.left(now);
  const { streams } = member;
  const found = { running: streams, crashed: streams.crashed };
  const stalled = stallsOf(found, now.now, 3 * settings.ttl);
  return {
    isWell: phase === 'member' && leaseLeft > 0 && stalled.length === 0,
    node: {
      id,
      name: settings.node,
      phase,
      leaseLeft,
      renewal: member.roundTrips.percentiles,
      owned,
      lateBy,
    },
    nodes: core.nodes.map((node) => ({
      name: node.name,
      owned: node.owned,
      draining: node.draining,
      busy: node.busy,
      seenFor: core.seenFor(node.id, now) ?? 0,
    })),
    streams: {
      listed: listed.size,
      suspects: core.troubled.suspects,
      parked: core.troubled.parked,
      invalid: invalid.slice(0, mostInvalid),
      listFailure,
      free,
      stalled,
    },
    store: { engine, lastFailure },
  };
}
