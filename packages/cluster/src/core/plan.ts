import type { FreeStream } from '../store.ts';
import { hashOf, rankOf } from './rank.ts';
import { type Owner, sharesOf } from './shares.ts';

/** A free stream, and whether it has been free for so long that any node with room may take it. */
export interface Offer {
  readonly stream: FreeStream;
  readonly isOld: boolean;
}

export interface Situation {
  /** The node that plans; without a share if it is none of the owners. */
  readonly id: string;
  /** All nodes that take streams. */
  readonly owners: readonly Owner[];
  /** The keys that run on this node. */
  readonly running: readonly string[];
  readonly offers: readonly Offer[];
  /** How many streams there are to share. */
  readonly total: number;
}

export interface Plan {
  readonly claim: readonly FreeStream[];
  /** Only if the plan of the next look says so, too. */
  readonly release: readonly string[];
}

/** At most so many in one look: a source sees no more new connections at once. */
const mostClaims = 100;
const mostReleases = 50;

/** A node with its room, while a plan is made. */
interface Place {
  readonly id: string;
  readonly hash: number;
  room: number;
}

/**
 * Which streams a node takes, and which it gives up. Pure, and the same on every node: two nodes
 * that see the same do not want the same stream.
 */
export function plan(situation: Situation): Plan {
  const { id, owners, running, offers } = situation;
  const shares = sharesOf(owners, situation.total);
  const places = owners.map(({ id, name, owned }) => ({
    id,
    hash: hashOf(name),
    room: (shares.get(id) ?? 0) - owned,
  }));
  const own = places.find((place) => place.id === id);
  if (own === undefined) {
    return { claim: [], release: [] };
  }
  const excess = Math.min(-own.room, roomIn(places), mostReleases);
  return excess > 0
    ? { claim: [], release: lowest(running, own.hash, excess) }
    : { claim: claimsOf(own, places, offers), release: [] };
}

/** A stream is only given up for a node that has room. */
function roomIn(places: readonly Place[]): number {
  return places.reduce((sum, { room }) => sum + Math.max(0, room), 0);
}

function lowest(running: readonly string[], nodeHash: number, count: number): readonly string[] {
  return running
    .map((key) => ({ key, rank: rankOf(nodeHash, hashOf(key)) }))
    .toSorted((a, b) => a.rank - b.rank || (a.key < b.key ? -1 : 1))
    .slice(0, count)
    .map(({ key }) => key);
}

/** Deals the offers out to the nodes with room, and then takes old ones as far as room is left. */
function claimsOf(
  own: Place,
  places: readonly Place[],
  offers: readonly Offer[],
): readonly FreeStream[] {
  const most = Math.min(own.room, mostClaims);
  const won: FreeStream[] = [];
  const others: FreeStream[] = [];
  for (const { stream, isOld } of inOrder(offers)) {
    const winner = winnerOf(hashOf(stream.key), places);
    if (winner !== undefined) {
      winner.room -= 1;
    }
    if (winner === own) {
      won.push(stream);
    } else if (isOld) {
      others.push(stream);
    }
  }
  return [...won, ...others].slice(0, Math.max(0, most));
}

function inOrder(offers: readonly Offer[]): readonly Offer[] {
  return offers.toSorted((a, b) => (a.stream.key < b.stream.key ? -1 : 1));
}

function winnerOf(keyHash: number, places: readonly Place[]): Place | undefined {
  let winner: Place | undefined;
  let best = -1;
  for (const place of places) {
    const rank = place.room > 0 ? rankOf(place.hash, keyHash) : -1;
    if (rank > best) {
      winner = place;
      best = rank;
    }
  }
  return winner;
}
