import assert from 'node:assert/strict';

import type { Clock } from '@reprise/actor';
import { defineModel, type SimulatedNode, type Simulation } from '@reprise/simulation';

import { Member, type OwnershipStore, type Rows, type StreamRow } from './support/member.ts';

const ttl = 1000;
/** A request that a fault has held back reaches the store so late at most, in ms. */
const lastRequest = 15_000;

/** Nodes with a member each, over one store; the sink looks at who works, and at which epoch. */
async function cluster(sim: Simulation): Promise<void> {
  const store = sim.store<Rows>({});
  const names = ['a', 'b', 'c'].slice(0, 2 + sim.below(2));
  const streams = ['x', 'y', 'z'].slice(0, 1 + sim.below(3));
  // A fast look takes over at the first legal instant.
  const pause = sim.pick([ttl / 8, ttl / 8, ttl / 50]);
  const links = new Links(sim);
  const sink = new Sink();
  sim.always(() => {
    sink.check();
  });
  const nodes = names.map((name) =>
    sim.node(name, (node) => {
      const { clock, random } = node.system;
      return new Member({
        name,
        store: links.through(name, store.on(node), clock),
        clock,
        random,
        ttl,
        pause,
        nodes: names,
        streams,
        work: (key, epoch, life) => {
          sink.take(key, { epoch, life }, store.peek(`stream ${key}`));
        },
      });
    }),
  );
  for (let cut = 0; cut < 4; cut += 1) {
    await sim.sleep(sim.below(3 * ttl));
    links.cut(sim.pick(names), sim.below(2 * ttl));
  }
  if (sim.below(4) === 3) {
    await goOn(sim, { nodes, streams });
  }
}

interface Cluster {
  readonly nodes: readonly SimulatedNode<Member>[];
  readonly streams: readonly string[];
}

/** Without faults each stream has an owner, also after the crash of one node. */
async function goOn(sim: Simulation, { nodes, streams }: Cluster): Promise<void> {
  sim.heal();
  await sim.sleep(lastRequest);
  const isOwned = (): boolean =>
    streams.every((key) => nodes.filter(({ value }) => value?.runs(key) === true).length === 1);
  await sim.run({ until: isOwned, within: ttl + 1000 });
  sim.pick(nodes).crash();
  await sim.run({ until: isOwned, within: ttl + 1000 });
}

interface Effect {
  readonly epoch: number;
  readonly life: string;
}

/** A sink outside of the store: it remembers the newest epoch of each stream. */
class Sink {
  readonly #newest: Map<string, Effect> = new Map();
  #fault: string | undefined = undefined;

  /** The error of an effect would be the node's own, which may catch it. */
  check(): void {
    assert(this.#fault === undefined, this.#fault);
  }

  /** `row`: that of the store at this instant. */
  take(key: string, effect: Effect, row: StreamRow | undefined): void {
    const newest = this.#newest.get(key) ?? effect;
    this.#newest.set(key, effect);
    if (row?.owner?.life !== effect.life || row.epoch !== effect.epoch) {
      this.#fault = 'Expected an effect of the owner, got one of another life';
    } else if (effect.epoch < newest.epoch) {
      this.#fault = 'Expected epochs that grow, got an older one';
    } else if (effect.epoch === newest.epoch && effect.life !== newest.life) {
      this.#fault = 'Expected one owner for an epoch, got two';
    }
  }
}

/** `fading`: answers are late at first; then requests are lost. */
type Cut = 'requests' | 'answers' | 'late answers' | 'fading';
const cuts: readonly Cut[] = ['requests', 'answers', 'late answers', 'fading'];

/** The ways between nodes and the store: while one is cut, what goes over it is lost or late. */
class Links {
  readonly #sim: Simulation;
  readonly #cuts: Map<string, { readonly until: number; readonly cut: Cut }> = new Map();

  constructor(sim: Simulation) {
    this.#sim = sim;
  }

  /** For `ms`. */
  cut(name: string, ms: number): void {
    this.#cuts.set(name, { until: this.#sim.now + ms, cut: this.#sim.pick(cuts) });
  }

  through(name: string, store: OwnershipStore, clock: Clock): OwnershipStore {
    const over = async <Answer>(ask: () => Promise<Answer>): Promise<Answer> => {
      const cut = this.#cutOf(name);
      const answer = await (cut === 'requests' ? never() : ask());
      await (cut === 'answers' ? never() : this.#later(cut, clock));
      return answer;
    };
    return {
      read: (key) => over(() => store.read(key)),
      update: (key, value, version) => over(() => store.update(key, value, version)),
    };
  }

  #cutOf(name: string): Cut | undefined {
    const { until = -Infinity, cut } = this.#cuts.get(name) ?? {};
    const { now } = this.#sim;
    if (cut === 'fading') {
      const isLost = now >= until && now < until + 2 * ttl;
      return now < until ? 'late answers' : isLost ? 'requests' : undefined;
    }
    return now < until ? cut : undefined;
  }

  #later(cut: Cut | undefined, clock: Clock): Promise<void> | undefined {
    return cut === 'late answers'
      ? new Promise((resolve) => {
          clock.setTimeout(resolve, this.#sim.below(ttl / 8));
        })
      : undefined;
  }
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}

const file = 'simulation/models/support/member.ts';

export default defineModel({
  name: 'ownership',
  program: cluster,
  options: { faults: { crash: true, pause: true, clock: true, store: true, stall: true } },
  mutants: {
    'no deadline': {
      file,
      from: 'if (this.#options.clock.now() < this.#deadline) {',
      to: 'if (this.#deadline > 0) {',
      within: 100,
    },
    'a living owner is robbed': {
      file,
      from: 'if (isMine || (await this.#isFree(value))) {',
      to: 'if (true) {',
      within: 100,
    },
    'the epoch is not raised': {
      file,
      from: 'const epoch = value.epoch + 1;',
      to: 'const epoch = value.epoch;',
      within: 100,
    },
    'a renewal that hangs is awaited without a limit': {
      file,
      from: '      }, ttl / 8);',
      to: '      }, Infinity);',
      within: 100,
    },
    'the deadline counts from the answer': {
      file,
      from: 'this.#deadline = isWritten ? sentAt + ttl * 0.9 : this.#deadline;',
      to: 'this.#deadline = isWritten ? clock.now() + ttl * 0.9 : this.#deadline;',
      within: 900,
    },
    'a renewal that is answered after the deadline revives the owner': {
      file,
      from: '} else if (isFirst || this.#holds()) {',
      to: '} else {',
      within: 100,
    },
    'a burial does not look at the value': {
      file,
      from: 'if (seen?.version !== version) {',
      to: 'if (seen === undefined) {',
      within: 100,
    },
    'a lease ends by the wall clock of the node that watches': {
      file,
      from: '{ version, since: clock.now() });\n    } else if (value?.isBuried === false && clock.now()',
      to: '{ version, since: clock.date() });\n    } else if (value?.isBuried === false && clock.date()',
      within: 100,
    },
  },
});
