import { createRandom } from '../choices/random.ts';
import type { Engine } from '../engine/engine.ts';
import type { Owner } from '../engine/happening.ts';
import { NodeClock } from '../node/clock.ts';
import { Incarnation } from '../node/incarnation.ts';
import type { NodeHost } from './node-host.ts';

/** The hosts of one run: of each life of a node, of the test program and of its clients. */
export class Hosts {
  readonly #engine: Engine;
  readonly #hosts: WeakMap<Owner, NodeHost> = new WeakMap();
  /** How many owners of a name there were: each has ids of its own. */
  readonly #lives: Map<string, number> = new Map();
  #salt: number | undefined = undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** That of the code that runs now; `undefined` between two steps. */
  get current(): NodeHost | undefined {
    const { current } = this.#engine;
    return current && (this.#hosts.get(current) ?? this.#add(current));
  }

  #add(owner: Owner): NodeHost {
    const life = (this.#lives.get(owner.name) ?? 0) + 1;
    this.#lives.set(owner.name, life);
    const host = { ...this.#partsOf(owner), word: this.#idsOf(`${owner.name} ${life}`) };
    this.#hosts.set(owner, host);
    return host;
  }

  #partsOf(owner: Owner): Pick<NodeHost, 'clock' | 'random'> {
    if (owner instanceof Incarnation) {
      return { clock: this.#clockOf(owner), random: owner.random };
    }
    const draws = this.#engine.choices.stream(`random ${owner.name}`);
    return {
      clock: new NodeClock(this.#engine, owner),
      random: () => draws.below(fineness) / fineness,
    };
  }

  /** The callback of a timer is code of the process that has set it. */
  #clockOf({ clock }: Incarnation): NodeHost['clock'] {
    const engine = this.#engine;
    const inProcess = (callback: () => void): (() => void) => {
      const { process } = engine;
      return () => {
        engine.process = process;
        callback();
      };
    };
    return {
      now: clock.now,
      date: clock.date,
      clearTimeout: clock.clearTimeout,
      setTimeout: (callback, ms) => clock.setTimeout(inProcess(callback), ms),
      setImmediate: (callback) => clock.setImmediate(inProcess(callback)),
    };
  }

  /** One draw of the run is in all of them: another seed has other ids. */
  #idsOf(name: string): () => number {
    this.#salt ??= this.#engine.choices.stream('ids').below(2 ** 32);
    return createRandom(this.#salt, name);
  }
}

const fineness = 2 ** 24;
