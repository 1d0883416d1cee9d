import type { Draws } from '../choices/choices.ts';
import type { Owner } from '../engine/happening.ts';
import type { SimulatedNode } from './node.ts';

/** A request of a client outside of all nodes to a node, over a network. */
export function request<Value, Result>(
  node: SimulatedNode<Value>,
  caller: Owner,
  fn: (value: Value) => Result | Promise<Result>,
): Promise<Result> {
  const { waits } = node.engine;
  const wait = (): readonly string[] => [`${caller.name} waits for an answer of ${node.name}`];
  waits.add(wait);
  const answer = new Promise<Result>((resolve, reject) => {
    new Request(node, caller, fn, { resolve, reject }).send();
  });
  return answer.finally(() => {
    waits.delete(wait);
  });
}

interface Settling<Result> {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

class Request<Value, Result> {
  readonly #node: SimulatedNode<Value>;
  readonly #caller: Owner;
  readonly #fn: (value: Value) => Result | Promise<Result>;
  readonly #settling: Settling<Result>;
  readonly #draws: Draws;
  /** Whether it has failed: an answer that comes later counts no more. */
  #isLost = false;

  constructor(
    node: SimulatedNode<Value>,
    caller: Owner,
    fn: (value: Value) => Result | Promise<Result>,
    settling: Settling<Result>,
  ) {
    this.#node = node;
    this.#caller = caller;
    this.#fn = fn;
    this.#settling = settling;
    this.#draws = node.engine.choices.stream(`requests ${node.name}`);
  }

  send(): void {
    const { name } = this.#node;
    if (this.#loses()) {
      this.#fail('ETIMEDOUT', `no answer of ${name}`, requestTimeout);
      return;
    }
    this.#schedule(this.#caller, `a request reaches ${name}`, this.#delay(), () => {
      this.#arrive();
    });
  }

  #arrive(): void {
    const { name, incarnation, value } = this.#node;
    if (!incarnation.isAlive || value === undefined) {
      this.#fail('ECONNREFUSED', `${name} is not up`);
      return;
    }
    const forget = this.#node.onCrash(() => {
      this.#fail('ECONNRESET', `${name} has crashed`);
    });
    this.#schedule(incarnation, 'takes a request', 0, () => {
      void this.#answer(value).finally(forget);
    });
  }

  async #answer(value: Value): Promise<void> {
    const { name, incarnation } = this.#node;
    const settle = await settled(() => this.#fn(value), this.#settling);
    if (incarnation.isAlive) {
      if (this.#loses()) {
        this.#fail('ETIMEDOUT', `no answer of ${name}`, requestTimeout);
      } else if (!this.#isLost) {
        this.#schedule(this.#caller, `an answer of ${name} arrives`, this.#delay(), settle);
      }
    }
  }

  /** After `ms` at least; with a delay of the network on top. */
  #fail(code: string, message: string, ms = 0): void {
    this.#isLost = true;
    const error = Object.assign(new Error(`${code}: ${message}`), { code });
    this.#schedule(this.#caller, `a request fails: ${code}`, ms * 1000 + this.#delay(), () => {
      this.#settling.reject(error);
    });
  }

  #loses(): boolean {
    return this.#draws.chance(this.#node.engine.rates.network);
  }

  /** In microseconds. */
  #delay(): number {
    const isLate = this.#draws.chance(this.#node.engine.rates.network);
    return 100 + this.#draws.below(isLate ? longestDelay : 1000);
  }

  #schedule(owner: Owner, what: string, delay: number, run: () => void): void {
    const { engine } = this.#node;
    engine.schedule({ at: engine.now + delay, owner, kind: 'wire', what, run });
  }
}

/** After so many ms without an answer a client gives up. */
const requestTimeout = 30_000;
/** In microseconds. */
const longestDelay = 5_000_000;

async function settled<Result>(
  fn: () => Result | Promise<Result>,
  { resolve, reject }: Settling<Result>,
): Promise<() => void> {
  try {
    const result = await fn();
    return () => {
      resolve(result);
    };
  } catch (error) {
    return () => {
      reject(error);
    };
  }
}
