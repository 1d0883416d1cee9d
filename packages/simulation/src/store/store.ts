import { assertThat } from '../arguments/assert.ts';
import type { Engine } from '../engine/engine.ts';
import type { Owner } from '../engine/happening.ts';
import { assertNode } from '../node/assert-node.ts';
import { NodeClock } from '../node/clock.ts';
import type { SimulatedNode } from '../node/node.ts';
import { Rows } from './rows.ts';
import { StoreConnection, type StoreServer } from './store-connection.ts';

/** The values of a store by their keys. */
export type StoreValues = Readonly<Record<string, unknown>>;

/**
 * A key-value store outside of all nodes: linearizable, with a clock of its own. It does not crash.
 * With faults of stores a request can be late, fail before or after its effect, have no answer, or
 * have its effect twice.
 */
export class Store<Values extends object = StoreValues> {
  readonly name: string;
  readonly #server: StoreServer;

  constructor(engine: Engine, name: string, initial: Partial<Values>) {
    const isObject = typeof initial === 'object' && initial !== null;
    assertThat(isObject, 'Expected the values of a store by their keys', initial);
    this.name = name;
    const owner: Owner = { name, isAlive: true, pausedUntil: 0 };
    const draws = engine.choices.stream(name);
    const clock = new NodeClock(engine, owner);
    if (draws.chance(engine.rates.clock * 10)) {
      clock.skew({ ahead: draws.between(-mostAhead, mostAhead) });
    }
    this.#server = { engine, owner, draws, clock, rows: new Rows(initial) };
  }

  /**
   * A connection of a node, for one life of it. Requests of one connection have their effects in
   * order; those of two come in any order.
   * @throws TypeError unless `node` is a node of the simulation
   */
  on(node: SimulatedNode): StoreConnection<Values> {
    assertNode(node);
    return new StoreConnection(this.#server, node);
  }

  /** The value of a key now, for checks; `undefined` if there is none. */
  peek<Key extends keyof Values>(key: Key): Values[Key] | undefined {
    return this.#server.rows.read(key).value as Values[Key] | undefined;
  }

  /** The keys of all values now, for checks, in the order in which they were set first. */
  get keys(): readonly (keyof Values)[] {
    return this.#server.rows.keys as readonly (keyof Values)[];
  }
}

/** How far its clock is off at most, in ms. */
const mostAhead = 3_600_000;
