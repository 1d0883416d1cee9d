import type { Pid } from '@reprise/actor';

import { assertThat, assertWhole } from '../arguments/assert.ts';
import type { Draws } from '../choices/choices.ts';
import type { Engine } from '../engine/engine.ts';
import type { Lane, Owner } from '../engine/happening.ts';
import type { NodeClock } from '../node/clock.ts';
import type { Incarnation } from '../node/incarnation.ts';
import type { SimulatedNode } from '../node/node.ts';
import { copyOf } from './copy.ts';
import { drawFate, type Fate } from './fate.ts';
import type { Row, Rows } from './rows.ts';

export interface StoreServer {
  readonly engine: Engine;
  readonly owner: Owner;
  readonly draws: Draws;
  readonly clock: NodeClock;
  readonly rows: Rows;
}

interface Request {
  /** The words for the trace. */
  readonly what: string;
  readonly fate: Fate;
  /** The process that has sent it. */
  readonly process: Pid | undefined;
  /** Its effect on the server; returns the answer. */
  readonly apply: () => unknown;
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The access of a node to a store. A promise may be rejected with an error with the `code`
 * ECONNRESET, whether the request had its effect or not; and it may never settle. It is a cursor
 * store of `@reprise/sse`.
 */
export class StoreConnection<Values extends object> {
  readonly #server: StoreServer;
  readonly #node: SimulatedNode;
  readonly #life: Incarnation;
  readonly #requests: Lane = { lastAt: 0 };
  readonly #answers: Lane = { lastAt: 0 };

  constructor(server: StoreServer, node: SimulatedNode) {
    this.#server = server;
    this.#node = node;
    this.#life = node.incarnation;
  }

  /** `undefined` if nothing is kept. */
  async get<Key extends keyof Values>(key: Key): Promise<Values[Key] | undefined> {
    const { value } = await this.read(key);
    return value;
  }

  /** The value with its version, for `update`. */
  read<Key extends keyof Values>(key: Key): Promise<Row<Values[Key] | undefined>> {
    return this.#call(`get ${String(key)}`, ({ rows }) => rows.read(key) as Row<Values[Key]>);
  }

  /** Sets a value, unconditionally. The store keeps it as JSON. */
  set<Key extends keyof Values>(key: Key, value: Values[Key]): Promise<undefined> {
    const kept = copyOf(value);
    return this.#call(`set ${String(key)}`, ({ rows }) => {
      rows.set(key, kept);
      return undefined;
    });
  }

  /**
   * Sets a value if it was not set or deleted since `version` was read; 0: if there is none.
   * Resolves with whether it did.
   * @throws TypeError for a row without a version
   */
  update<Key extends keyof Values>(
    key: Key,
    value: Values[Key],
    { version }: Pick<Row<unknown>, 'version'>,
  ): Promise<boolean> {
    assertThat(version !== undefined, 'Expected the `version` of a row', version);
    assertWhole('version', version, 0);
    const kept = copyOf(value);
    return this.#call(`update ${String(key)}`, ({ rows }) => rows.update(key, kept, version));
  }

  /** Resolves with whether it was there. */
  delete(key: keyof Values): Promise<boolean> {
    return this.#call(`delete ${String(key)}`, ({ rows }) => rows.delete(key));
  }

  /** The wall clock of the server, in ms since 1970. It may be far off that of the node. */
  date(): Promise<number> {
    return this.#call('tell the time', ({ clock }) => clock.date());
  }

  #call<Answer>(what: string, apply: (server: StoreServer) => Answer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const server = this.#server;
      const { process, rates } = server.engine;
      const fate = drawFate(server.draws, rates.store);
      this.#send({ what, fate, process, apply: () => apply(server), resolve, reject });
    });
  }

  /** The node may crash before the request has left it, and after. */
  #send(request: Request): void {
    if (!this.#node.crashPoint(this.#life)) {
      return;
    }
    if (request.fate !== 'lost') {
      const { process } = request;
      const what = `${request.what} for ${this.#life.name}`;
      const arrival = { what, delay: this.#delay(request), lane: this.#requests, process };
      this.#schedule(this.#server.owner, arrival, () => {
        this.#arrive(request);
      });
    }
    this.#node.crashPoint(this.#life);
  }

  #arrive(request: Request): void {
    const { what, fate, apply } = request;
    const answer = fate === 'refused' ? undefined : apply();
    if (fate === 'repeated') {
      const again = `${what} for ${this.#life.name} once more`;
      const delay = this.#server.draws.below(longestRepeat);
      this.#schedule(this.#server.owner, { what: again, delay }, apply);
    }
    if (fate !== 'unanswered') {
      this.#answer(request, answer);
    }
  }

  #answer(request: Request, answer: unknown): void {
    const { process, fate } = request;
    const isFailed = fate === 'refused' || fate === 'broken';
    const what = `${isFailed ? 'fails to' : 'did'} ${request.what}`;
    const arrival = { what, delay: this.#delay(request), lane: this.#answers, process };
    this.#schedule(this.#life, arrival, () => {
      if (isFailed) {
        request.reject(connectionError(this.#server.owner.name));
      } else {
        request.resolve(answer as never);
      }
    });
  }

  /** In microseconds, each way. */
  #delay({ fate }: Request): number {
    return 100 + this.#server.draws.below(fate === 'late' ? longestDelay : usualDelay);
  }

  #schedule(owner: Owner, { delay, ...arrival }: Arrival, run: () => void): void {
    const { engine } = this.#server;
    engine.schedule({ ...arrival, at: engine.now + delay, owner, kind: 'port', run });
  }
}

interface Arrival {
  readonly what: string;
  readonly delay: number;
  readonly lane?: Lane;
  readonly process?: Pid | undefined;
}

/** All in microseconds. */
const usualDelay = 1000;
const longestDelay = 5_000_000;
const longestRepeat = 10_000_000;

function connectionError(store: string): Error {
  const message = `ECONNRESET: the connection to ${store} broke`;
  return Object.assign(new Error(message), { code: 'ECONNRESET' });
}
