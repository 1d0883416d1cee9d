import type { Agent, Server } from 'node:http';

import { assertKnownKeys, type KeysOf } from '@reprise/actor/options';
import { describe } from '@reprise/actor/text';

import {
  assertFunction,
  assertName,
  assertThat,
  assertTime,
  assertWhole,
} from './arguments/assert.ts';
import { Checks } from './checks/checks.ts';
import type { Draws } from './choices/choices.ts';
import { type Engine, textOf } from './engine/engine.ts';
import type { Owner } from './engine/happening.ts';
import { Waiter } from './engine/waiter.ts';
import { injectFaults } from './faults/injector.ts';
import { Machines } from './network/machines.ts';
import { type CutOptions, cutKeys } from './network/network.ts';
import { assertNode } from './node/assert-node.ts';
import { type Main, SimulatedNode } from './node/node.ts';
import { request } from './node/request.ts';
import type { Origin, OriginOptions } from './origin/origin.ts';
import type { Origins } from './origin/origins.ts';
import type { Sockets } from './sockets/sockets.ts';
import { Store, type StoreValues } from './store/store.ts';

/**
 * A test program: it makes nodes and clients, and says which conditions must hold. The run ends
 * when it returns, or when its promise resolves; an error that it throws is a violation.
 */
export type Program = (sim: Simulation) => void | Promise<void>;

export interface RunOptions {
  /** Called after each step: the promise resolves once it returns true. Default: never. */
  readonly until?: () => boolean;
  /**
   * In ms of virtual time. With `until`, the promise rejects when the time is over; without, it
   * resolves then. Default: without a limit; one of the two options is needed.
   */
  readonly within?: number;
}

const runKeys: KeysOf<RunOptions> = { until: true, within: true };

/** State of the run that the test program and all of its clients share. */
interface Shared {
  readonly nodes: SimulatedNode[];
  readonly machines: Machines;
  /** The names of all stores. */
  readonly stores: string[];
  readonly onHeal: Set<() => void>;
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
    machines: new Machines(),
    stores: [],
    onHeal: new Set(),
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
  readonly #waiter: Waiter;

  constructor(engine: Engine, shared: Shared, name: string) {
    this.engine = engine;
    this.#shared = shared;
    this.#draws = engine.choices.stream(name);
    this.#self = { name, isAlive: true, pausedUntil: 0 };
    this.#waiter = new Waiter(engine, this.#self);
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

  /**
   * A machine that runs `main` in the next steps, and again after each crash. An error of `main`
   * fails the run.
   * @throws TypeError for a name that another node or origin has
   */
  node<Value>(name: string, main: Main<Value>): SimulatedNode<Value> {
    assertFunction(`the main of the node ${describe(name)}`, main);
    this.#shared.machines.add(name);
    const node = new SimulatedNode(this.engine, name, main);
    this.#shared.nodes.push(node as SimulatedNode);
    return node;
  }

  /** A key-value store outside of all nodes, with these values, by key. Default: none. */
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
    assertName('the name of a client', name);
    assertFunction(`the code of the client ${name}`, run);
    return new Simulation(this.engine, this.#shared, name).start(run);
  }

  /**
   * Calls `fn` with the value of the node's `main`, on the node, as a client does over a network:
   * both ways take time. Rejects with the error of `fn`, or with an error with a `code`:
   * ECONNREFUSED while the node is down or its `main` has not returned, ECONNRESET when it crashes,
   * and ETIMEDOUT, 30 s later, when the request or its answer is lost.
   * @throws TypeError for a node of another kind, and without a function
   */
  request<Value, Result>(
    node: SimulatedNode<Value>,
    fn: (value: Value) => Result | Promise<Result>,
  ): Promise<Result> {
    assertNode(node);
    assertFunction(`the request to ${node.name}`, fn);
    return request(node, this.#self, fn);
  }

  /**
   * A server of an event stream outside of all nodes, at `http://NAME/`: numbered events, with the
   * faults `origin` and `network`. It needs no code.
   * @throws TypeError for a name that another node or origin has, or that no URL can have as its
   * host
   */
  origin(name: string, options: OriginOptions = {}): Origin {
    const origin = this.#shared.origins.add(name, options);
    this.#shared.machines.add(name);
    return origin;
  }

  /**
   * A server of `node:http` that is code of a node takes the connections to `http://HOST/` of nodes
   * with an `agent`, until its node crashes. It needs no real port: do not call `server.listen`.
   * @throws TypeError for a server of another kind, and for a host that a server of a running node
   * has
   */
  listen(node: SimulatedNode, host: string, server: Server): void {
    assertNode(node);
    this.#shared.sockets.listen(node, host, server);
  }

  /**
   * An agent for the requests of code of a node, by `node:http` or as `got: { agent: { http } }` of
   * a client: real HTTP over simulated sockets, to the servers of `listen`. From now on the node's
   * clients use no origins.
   */
  agent(node: SimulatedNode): Agent {
    assertNode(node);
    return this.#shared.sockets.agent(node);
  }

  /**
   * Cuts the link between two nodes or origins, by their names: new connections fail with
   * ETIMEDOUT, and open ones fall silent: no side gets an error. Their packets come when `release`
   * mends the link. Requests of `sim.request` and calls of stores do not use links.
   * @throws TypeError for a name that no node and no origin has
   */
  cut(one: string, other: string, options: CutOptions = {}): void {
    this.#shared.machines.assertKnown(one, other);
    assertKnownKeys('cut', options, cutKeys);
    this.#shared.origins.network.cut(one, other, options);
  }

  /** Keeps all packets between two nodes or origins, by their names, until `release`. */
  hold(one: string, other: string): void {
    this.#shared.machines.assertKnown(one, other);
    this.#shared.origins.network.hold(one, other);
  }

  /** Mends a cut, and sends the packets that were held, in their order. */
  release(one: string, other: string): void {
    this.#shared.machines.assertKnown(one, other);
    this.#shared.origins.network.release(one, other);
  }

  /** Calls `check` after each step: an error that it throws is a violation. */
  always(check: () => void): void {
    assertFunction('the check of `always`', check);
    this.engine.checks.add(check);
  }

  /** The conditions of `sometimes` by their names, and whether each was true. */
  get reached(): ReadonlyMap<string, boolean> {
    return this.#shared.reached;
  }

  /**
   * A condition that has to be true at least once in all seeds of a search, which fails without.
   * It shows that the search reaches a case; a name stands for one condition.
   */
  sometimes(name: string, condition: boolean): void {
    assertName('the name of a condition', name);
    const expected = `Expected the condition ${name} to be true or false`;
    assertThat(typeof condition === 'boolean', expected, condition);
    this.#shared.reached.set(name, condition || this.#shared.reached.get(name) === true);
  }

  /** Resolves after so many ms of virtual time, from 0 on. */
  sleep(ms: number): Promise<void> {
    assertTime('the time to sleep', ms);
    return this.run({ within: ms });
  }

  /**
   * Lets the nodes go on until a condition holds, or for a time. Rejects if the condition does not
   * hold within the time.
   * @throws TypeError for a wrong option, and for neither of them
   */
  run(options: RunOptions): Promise<void> {
    assertKnownKeys('run', options, runKeys);
    const { until, within = Infinity } = options;
    if (until === undefined) {
      assertTime('`within` of `run`, without `until`,', options.within);
      return this.#waiter.after(within, 'goes on');
    }
    assertFunction('`until`', until);
    assertTime('`within`', within === Infinity ? 0 : within);
    return this.#waiter.until(until, within);
  }

  /** No new fault begins; links are mended, pauses end, and nodes that are down start. */
  heal(): void {
    this.engine.endFaults();
    this.engine.enter(this.#self, { kind: 'note', what: 'ends all faults' });
    this.#shared.origins.network.heal();
    for (const node of this.#shared.nodes) {
      node.resume();
      node.restart();
    }
    for (const healed of this.#shared.onHeal) {
      healed();
    }
  }

  /** Calls `healed` at each `heal`, after all nodes go on. */
  onHeal(healed: () => void): void {
    assertFunction('the callback of `onHeal`', healed);
    this.#shared.onHeal.add(healed);
  }

  /** One value of a list, drawn; the first is the tame choice. An empty list is refused. */
  pick<Value>(list: readonly Value[]): Value {
    const isList = Array.isArray(list) && list.length > 0;
    assertThat(isList, 'Expected a list with at least one value', list);
    return list[this.#draws.below(list.length)] as Value;
  }

  /** A whole number from 0 to `n - 1`, drawn; 0 is the tame choice. `n` is at least 1. */
  below(n: number): number {
    assertThat(n !== undefined, 'Expected a number for `below`', n);
    assertWhole('n', n, 1);
    return this.#draws.below(n);
  }

  /** A line in the trace. It is part of the hash: write no time and no path of the host. */
  note(text: string): void {
    assertThat(typeof text === 'string', 'Expected the note to be a text', text);
    this.engine.enter(this.#self, { kind: 'note', what: text });
  }

  /** Runs the program of this part of the run, in a step of its own. */
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
      this.#waiter.schedule(0, 'starts', () => void step());
    });
  }
}
