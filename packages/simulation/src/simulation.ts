import type { Agent, Server } from 'node:http';

import { Checks } from './checks/checks.ts';
import type { Draws } from './choices/choices.ts';
import { type Engine, textOf } from './engine/engine.ts';
import type { Owner } from './engine/happening.ts';
import { injectFaults } from './faults/injector.ts';
import type { CutOptions } from './network/network.ts';
import { type Main, SimulatedNode } from './node/node.ts';
import { request } from './node/request.ts';
import type { Origin, OriginOptions } from './origin/origin.ts';
import type { Origins } from './origin/origins.ts';
import type { Sockets } from './sockets/sockets.ts';
import { Store, type StoreValues } from './store/store.ts';

/** The whole of a test: it makes nodes and clients, and says what must hold. */
export type Program = (sim: Simulation) => void | Promise<void>;

export interface RunOptions {
  /** Resolves as soon as this is true after a step. Default: after `within`. */
  readonly until?: () => boolean;
  /** In ms of virtual time. Default: without a limit. */
  readonly within?: number;
}

/** Calls of the test program, and of its clients, that all of them share. */
interface Shared {
  readonly nodes: SimulatedNode[];
  /** The names of all stores. */
  readonly stores: string[];
  readonly healing: Set<() => void>;
  readonly reached: Map<string, boolean>;
  readonly origins: Origins;
  readonly sockets: Sockets;
}

/** Starts the test program: the run ends with it. */
export function startProgram(
  engine: Engine,
  servers: Pick<Shared, 'origins' | 'sockets'>,
  program: Program,
): Simulation {
  const shared: Shared = {
    nodes: [],
    stores: [],
    healing: new Set(),
    reached: new Map(),
    ...servers,
  };
  injectFaults(engine, shared.nodes);
  const sim = new Simulation(engine, shared, 'test');
  sim.start(program).then(
    () => {
      engine.finish();
    },
    () => undefined,
  );
  return sim;
}

/**
 * One run of a program under one seed, as the test program sees it, or one of its clients: nodes,
 * checks, faults, time. The test program and its clients are outside of all nodes: they do not
 * crash.
 */
export class Simulation {
  readonly engine: Engine;
  readonly #shared: Shared;
  readonly #draws: Draws;
  readonly #self: Owner;

  constructor(engine: Engine, shared: Shared, name: string) {
    this.engine = engine;
    this.#shared = shared;
    this.#draws = engine.choices.stream(name);
    this.#self = { name, isAlive: true, pausedUntil: 0 };
  }

  /** The virtual time since the start of the run, in ms. */
  get now(): number {
    return this.engine.now / 1000;
  }

  /** All nodes, in the order in which they were made. */
  get nodes(): readonly SimulatedNode[] {
    return this.#shared.nodes;
  }

  /** Checks that any program can use. */
  get checks(): Checks {
    return new Checks(this.engine);
  }

  /** A machine that runs `main` now, and again after each crash. */
  node<Value>(name: string, main: Main<Value>): SimulatedNode<Value> {
    if (this.#shared.nodes.some((node) => node.name === name)) {
      throw new TypeError(`Expected a name that no other node has, got ${name}`);
    }
    const node = new SimulatedNode(this.engine, name, main);
    this.#shared.nodes.push(node as SimulatedNode);
    return node;
  }

  /** A key-value store outside of all nodes, with these values. */
  store<Values extends object = StoreValues>(initial: Partial<Values> = {}): Store<Values> {
    const { stores } = this.#shared;
    const name = stores.length === 0 ? 'store' : `store ${stores.length + 1}`;
    stores.push(name);
    return new Store(this.engine, name, initial);
  }

  /**
   * Code outside of all nodes that runs beside the test program. Its waits, its draws and its lines
   * in the trace have its name. The promise is for its value; its error fails the run.
   */
  client<Value>(name: string, run: (sim: Simulation) => Promise<Value>): Promise<Value> {
    return new Simulation(this.engine, this.#shared, name).start(run);
  }

  /**
   * Calls `fn` with the value of the node's `main`, on the node, as a client does over a network:
   * both ways take time. Rejects with an error with the `code` ECONNREFUSED while the node is down,
   * ECONNRESET when it crashes, and ETIMEDOUT when the request or its answer is lost.
   */
  request<Value, Result>(
    node: SimulatedNode<Value>,
    fn: (value: Value) => Result | Promise<Result>,
  ): Promise<Result> {
    return request(node, this.#self, fn);
  }

  /**
   * A server of an event stream outside of all nodes, at `http://NAME/`: numbered events, any
   * faults, and no code of its own to run.
   */
  origin(name: string, options: OriginOptions = {}): Origin {
    return this.#shared.origins.add(name, options);
  }

  /**
   * A server of `node:http` that is code of a node takes the connections to `http://HOST/` of nodes
   * with an `agent`, until its node crashes. It listens to no real port: `server.listen` is not
   * called.
   */
  listen(node: SimulatedNode, host: string, server: Server): void {
    this.#shared.sockets.listen(node, host, server);
  }

  /**
   * An agent for the requests of code of a node, by `node:http` or as `got: { agent: { http } }` of
   * a client: real HTTP over simulated sockets, to the servers of `listen`. From now on the node's
   * clients use no origins.
   */
  agent(node: SimulatedNode): Agent {
    return this.#shared.sockets.agent(node);
  }

  /**
   * Cuts the link between two machines, by their names: new connections fail, open ones fall
   * silent, and nobody is told. Their packets come when `release` mends it.
   */
  cut(one: string, other: string, options?: CutOptions): void {
    this.#shared.origins.network.cut(one, other, options);
  }

  /** Keeps all packets between two machines, by their names, until `release`. */
  hold(one: string, other: string): void {
    this.#shared.origins.network.hold(one, other);
  }

  /** Mends a cut, and lets the packets go that are held, in their order. */
  release(one: string, other: string): void {
    this.#shared.origins.network.release(one, other);
  }

  /** Calls `check` after each step: what it throws is a violation. */
  always(check: () => void): void {
    this.engine.checks.add(check);
  }

  /** The conditions of `sometimes`, and whether they were true. */
  get reached(): ReadonlyMap<string, boolean> {
    return this.#shared.reached;
  }

  /** Something that must be true in some run of some seed, each time for itself. */
  sometimes(name: string, condition: boolean): void {
    this.#shared.reached.set(name, condition || this.#shared.reached.get(name) === true);
  }

  /** Resolves after so many ms of virtual time. */
  sleep(ms: number): Promise<void> {
    return this.run({ within: ms });
  }

  /**
   * Lets the nodes go on until a condition holds. Rejects with an error if it does not within the
   * time that is given.
   */
  run({ until, within = Infinity }: RunOptions = {}): Promise<void> {
    return until === undefined ? this.#after(within, 'goes on') : this.#until(until, within);
  }

  /** Resolves in a step of its own: the one whose check has held belongs to another node. */
  #after(ms: number, what: string): Promise<void> {
    return new Promise((resolve) => {
      this.#schedule(ms, what, resolve);
    });
  }

  async #until(holds: () => boolean, within: number): Promise<void> {
    const { checks, waits } = this.engine;
    const wait = (): readonly string[] => [`${this.#self.name} waits for a condition`];
    const { promise: held, resolve } = Promise.withResolvers<boolean>();
    const check = (): void => {
      if (holds() && checks.delete(check)) {
        void this.#after(0, 'has waited for a condition').then(() => {
          resolve(true);
        });
      }
    };
    waits.add(wait);
    checks.add(check);
    const late = within === Infinity ? [] : [this.#after(within, 'looks at a condition')];
    const isHeld = await Promise.race([held, ...late]);
    waits.delete(wait);
    if (isHeld !== true && checks.delete(check)) {
      throw new Error(`Expected a condition to hold within ${within} ms, got none`);
    }
  }

  /** No new fault begins, and those that last end: every node runs. */
  heal(): void {
    this.engine.endFaults();
    this.engine.enter(this.#self, { kind: 'note', what: 'ends all faults' });
    this.#shared.origins.network.heal();
    for (const node of this.#shared.nodes) {
      node.resume();
      node.restart();
    }
    for (const healed of this.#shared.healing) {
      healed();
    }
  }

  /** Calls back when the faults end. */
  onHeal(healed: () => void): void {
    this.#shared.healing.add(healed);
  }

  /** One of a list, drawn; the first is the tame choice. */
  pick<Value>(list: readonly Value[]): Value {
    if (list.length === 0) {
      throw new TypeError('Expected a list with values, got an empty one');
    }
    return list[this.#draws.below(list.length)] as Value;
  }

  /** A whole number from 0 to `n - 1`, drawn; 0 is the tame choice. */
  below(n: number): number {
    return this.#draws.below(n);
  }

  /** A line in the trace. */
  note(text: string): void {
    this.engine.enter(this.#self, { kind: 'note', what: text });
  }

  /** Called once. */
  start<Value>(run: (sim: Simulation) => Value | Promise<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      const step = async (): Promise<void> => {
        try {
          resolve(await run(this));
        } catch (error) {
          this.engine.fail('violation', textOf(error), error);
          reject(error);
        }
      };
      this.#schedule(0, 'starts', () => void step());
    });
  }

  #schedule(ms: number, what: string, run: () => void): void {
    const at = this.engine.now + Math.round(ms * 1000);
    this.engine.schedule({ at, owner: this.#self, kind: 'note', what, run });
  }
}
