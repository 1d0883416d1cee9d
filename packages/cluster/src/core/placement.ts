import type { FreeStream, NodeRow } from '../store.ts';
import { type Offer, type Plan, plan } from './plan.ts';
import type { Owner } from './shares.ts';
import type { Times } from './times.ts';

/** What a node sees in one look. */
export interface Look {
  /** Of the node that looks. */
  readonly id: string;
  readonly nodes: readonly NodeRow[];
  /** The free streams that this node may take. */
  readonly free: readonly FreeStream[];
  /** Of those, the ones that it had before its lease ended. */
  readonly former: { has(key: string): boolean };
  readonly running: readonly string[];
  /** How many streams this node has: the row of the node says what it had a while ago. */
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
    const owners = look.nodes
      .filter(({ draining }) => !draining)
      .map((node) => ownerOf(node, look));
    const { id, running, total } = look;
    const { claim, release } = plan({ id, owners, running, offers, total });
    const again = release.filter((key) => this.#last.has(key));
    this.#last = new Set(release);
    return { claim, release: again };
  }

  /** When the next look is due: soon, while streams move. */
  nextAt(now: number): number {
    const isMoving = now - this.#changedAt < this.#times.ttl / 2;
    return now + (isMoving ? this.#times.fastLook : this.#times.look);
  }

  /** Streams have moved. */
  moved(now: number): void {
    this.#changedAt = now;
  }

  #offersOf({ free, former }: Look, now: number): readonly Offer[] {
    this.#free = new Map(
      free.map(({ key, epoch }) => {
        const known = this.#free.get(key);
        return [key, known?.epoch === epoch ? known : { epoch, since: now }];
      }),
    );
    return free.map((stream) => {
      const since = this.#free.get(stream.key)?.since ?? now;
      const isOld = now - since > this.#times.unclaimed || former.has(stream.key);
      return { stream, isOld };
    });
  }

  #compare({ nodes, free, owned }: Look, now: number): void {
    const others = nodes.map(({ id, owned, draining }) => `${id} ${owned} ${draining}`);
    const seen = [...others, free.length, owned].join();
    if (seen !== this.#seen) {
      this.#seen = seen;
      this.moved(now);
    }
  }
}

function ownerOf({ id, name, weight, owned }: NodeRow, look: Look): Owner {
  return { id, name, weight, owned: id === look.id ? look.owned : owned };
}
