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
  /** The keys that run on this node and may move. */
  readonly movable: readonly string[];
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
/**
 * A node is given at most so many in one look, or as many as it has: one whose code has not run yet
 * takes several times as long to start a client, and each stream that it is given would wait.
 */
const leastWelcome = 30;

/** A node with its room, while a plan is made. */
interface Place {
  readonly id: string;
  readonly hash: number;
  readonly owned: number;
  room: number;
  /** The room for streams of dead nodes, which are not to wait for a node that is new. */
  spare: number;
}

/**
 * Which streams a node takes, and which it gives up. Pure, and the same on every node: two nodes
 * that see the same do not want the same stream.
 */
export function plan(situation: Situation): Plan {
  const { id, movable, offers } = situation;
  const places = placesOf(situation);
  const own = places.find((place) => place.id === id);
  if (own === undefined) {
    return { claim: [], release: [] };
  }
  const excess = Math.min(-own.room, welcomeOf(places), mostReleases);
  const claim = claimsOf(own, places, offers);
  return claim.length > 0 || excess <= 0
    ? { claim, release: [] }
    : { claim, release: lowest(movable, own.hash, excess) };
}

function placesOf({ owners, total }: Situation): readonly Place[] {
  const shares = sharesOf(owners, total);
  const some = owners.filter(({ owned }) => owned > 0);
  const isSome = some.length > 0 && some.length < owners.length;
  const spares = isSome ? sharesOf(some, total) : shares;
  return owners.map(({ id, name, owned }) => ({
    id,
    hash: hashOf(name),
    owned,
    room: (shares.get(id) ?? 0) - owned,
    spare: (spares.get(id) ?? 0) - owned,
  }));
}

/**
 * How many streams this node may give up. A stream is only given up for a node that has room, and
 * all that have too many give together.
 */
function welcomeOf(places: readonly Place[]): number {
  const welcome = places.reduce(
    (sum, { room, owned }) => sum + Math.max(0, Math.min(room, Math.max(leastWelcome, owned))),
    0,
  );
  return Math.ceil(welcome / places.filter(({ room }) => room < 0).length);
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
  const won: FreeStream[] = [];
  const others: FreeStream[] = [];
  for (const { stream, isOld } of inOrder(offers)) {
    const roomIn = stream.deadFor > 0 ? spareIn : freeIn;
    const winner = winnerOf(hashOf(stream.key), places, roomIn);
    if (winner !== undefined) {
      take(winner);
    }
    if (winner === own) {
      won.push(stream);
    } else if (isOld) {
      others.push(stream);
    }
  }
  return [...won, ...others.filter((stream) => takesOld(own, stream))].slice(0, mostClaims);
}

function takesOld(own: Place, { deadFor }: FreeStream): boolean {
  const room = deadFor > 0 ? Math.max(own.room, own.spare) : own.room;
  if (room > 0) {
    take(own);
  }
  return room > 0;
}

function take(place: Place): void {
  place.room -= 1;
  place.spare -= 1;
}

function freeIn({ room }: Place): number {
  return room;
}

function spareIn({ spare }: Place): number {
  return spare;
}

function inOrder(offers: readonly Offer[]): readonly Offer[] {
  return offers.toSorted((a, b) => (a.stream.key < b.stream.key ? -1 : 1));
}

function winnerOf(
  keyHash: number,
  places: readonly Place[],
  roomIn: (place: Place) => number,
): Place | undefined {
  let winner: Place | undefined;
  let best = -1;
  for (const place of places) {
    const rank = roomIn(place) > 0 ? rankOf(place.hash, keyHash) : -1;
    if (rank > best) {
      winner = place;
      best = rank;
    }
  }
  return winner;
}
