import type { FreeStream, NodeRow } from '../store.ts';
import { type Offer, type Plan, plan } from './plan.ts';
import type { Owner } from './shares.ts';
import type { Times } from './times.ts';

/** What a node sees in one look. */
export interface Look {
  /** Of the node that looks. */
  readonly id: string;
  readonly nodes: readonly NodeRow[];
  /** Names the list of the node that looks. */
  readonly list: string;
  /** The free streams that this node may take. */
  readonly free: readonly FreeStream[];
  /** Whether one of them may be the reason of deaths. */
  readonly isSuspect: (stream: FreeStream) => boolean;
  /** Of those, the ones that it had before its lease ended. */
  readonly former: { has(key: string): boolean };
  /** The streams that run on this node and may move. */
  readonly movable: readonly string[];
  /** How many streams this node has: the row of the node has the number of a while ago. */
  readonly owned: number;
  /** How many streams there are to share. */
  readonly total: number;
}

interface FreeSince {
  readonly epoch: number;
  readonly since: number;
}

/** The plans of one look after the other. */
export class Placement {
  readonly #times: Times;
  #free: ReadonlyMap<string, FreeSince> = new Map();
  /** What the last plan wanted to release. */
  #last: ReadonlySet<string> = new Set();
  #seen = '';
  #changedAt = -Infinity;

  constructor(times: Times) {
    this.#times = times;
  }

  /** A stream is released once two plans in a row say so: nothing moves for a moment's sake. */
  plan(look: Look, now: number): Plan {
    const offers = this.#offersOf(look, now);
    this.#compare(look, now);
    const owners = ownersIn(look);
    const { id, movable, total } = look;
    const situation = { id, owners, movable, offers };
    const shared = Math.min(total, sharedIn(look));
    const { claim } = plan({ ...situation, total: shared });
    const { release } = plan({ ...situation, total: this.#isMoving(now) ? total : shared });
    const again = release.filter((key) => this.#last.has(key));
    this.#last = new Set(release);
    return { claim, release: again };
  }

  /** When the next look is due: soon, while streams move. */
  nextAt(now: number): number {
    return now + (this.#isMoving(now) ? this.#times.fastLook : this.#times.look);
  }

  #isMoving(now: number): boolean {
    return now - this.#changedAt < this.#times.ttl / 2;
  }

  /** Streams have moved. */
  moved(now: number): void {
    this.#changedAt = now;
  }

  #offersOf({ free, isSuspect, former }: Look, now: number): readonly Offer[] {
    this.#free = new Map(
      free.map(({ key, epoch }) => {
        const known = this.#free.get(key);
        return [key, known?.epoch === epoch ? known : { epoch, since: now }];
      }),
    );
    return free.map((stream) => {
      const since = this.#free.get(stream.key)?.since ?? now;
      const isOld = now - since > this.#times.unclaimed || former.has(stream.key);
      // A node that tries others has to leave it: whichever has time for it tries it.
      return { stream, isOld: isOld || isSuspect(stream) };
    });
  }

  #compare({ nodes, free, owned }: Look, now: number): void {
    const others = nodes.map(({ id, owned, draining, list }) => [id, owned, draining, list].join());
    const seen = [...others, free.length, owned].join();
    if (seen !== this.#seen) {
      this.#seen = seen;
      this.moved(now);
    }
  }
}

/** A node whose thread has no time left, and one with time to spare. */
const saturated = 0.95;
const roomy = 0.7;

/**
 * How many streams the nodes of the list can share, if there are nodes of other lists: these may
 * own some of its streams. Without such nodes it is no limit. The rows of nodes have the numbers of
 * a while ago, so while streams move it may be too small, and nothing is given up for it.
 */
function sharedIn({ id, nodes, list, owned, free }: Look): number {
  const others = nodes.filter((node) => node.id !== id);
  const same = others.filter((node) => node.list === list);
  return same.length === others.length
    ? Infinity
    : same.reduce((sum, node) => sum + node.owned, owned + free.length);
}

/** A stream is not given up for a node that does not list it: so each list is shared by itself. */
function ownersIn({ id: own, nodes, list, owned }: Look): readonly Owner[] {
  const owners = nodes.filter((node) => node.id === own || node.list === list);
  const takers = owners.filter(({ draining }) => !draining);
  const hasRoomy = takers.some(({ busy }) => busy < roomy);
  return takers.map((node) => ({
    id: node.id,
    name: node.name,
    weight: node.weight,
    owned: node.id === own ? owned : node.owned,
    isFull: hasRoomy && node.busy > saturated,
  }));
}
