import { GenServer } from '@reprise/actor';

import type { NodeEvent } from '../core/messages.ts';
import type { NodeRow } from '../store.ts';
import { Neighbours } from './neighbours.ts';
import { StartError } from './start-error.ts';

/** The answer to a caller that waits until the node has joined. */
export type Joined =
  | { readonly type: 'joined' }
  | { readonly type: 'refused'; readonly error: StartError };

/** The start of a node: it has joined once it may run beside all the other nodes. */
export class Joining {
  readonly #ttl: number;
  readonly #neighbours: Neighbours;
  readonly #waiting: GenServer.From<Joined>[] = [];
  #outcome: Joined | undefined = undefined;

  constructor(ttl: number) {
    this.#ttl = ttl;
    this.#neighbours = new Neighbours(ttl);
  }

  /** Answers once the outcome is known. */
  wait(from: GenServer.From<Joined>): void {
    this.#waiting.push(from);
    this.#answer();
  }

  /** The name is taken. Returns the error if the node has run already: then it ends. */
  refuse({ name, host, pid }: NodeRow): StartError | undefined {
    return this.fail(
      new StartError(
        `Expected node ${JSON.stringify(name)} to be the only one of its name, got process ${pid} on ${host}, which is alive: give each node a name of its own by the option \`node\``,
      ),
    );
  }

  /** The node cannot run. Returns the error if it has run already. */
  fail(error: StartError): StartError | undefined {
    if (this.#outcome?.type === 'joined') {
      return error;
    }
    this.#settle({ type: 'refused', error });
    return undefined;
  }

  /** The node has a row; an answer may show others, whose ttl has to be the same. */
  look(event: NodeEvent, now: number): void {
    const nodes = nodesIn(event);
    const found = nodes && this.#neighbours.look(nodes, now);
    if (nodes === undefined || found === 'unsure' || this.#outcome !== undefined) {
      return;
    }
    this.#settle(
      found === undefined
        ? { type: 'joined' }
        : { type: 'refused', error: otherTtl(found, this.#ttl) },
    );
  }

  #settle(outcome: Joined): void {
    this.#outcome ??= outcome;
    this.#answer();
  }

  #answer(): void {
    if (this.#outcome !== undefined) {
      for (const from of this.#waiting.splice(0)) {
        GenServer.reply(from, this.#outcome);
      }
    }
  }
}

function nodesIn(event: NodeEvent): readonly NodeRow[] | undefined {
  switch (event.type) {
    case 'watched':
      return event.nodes;
    case 'viewed':
      return event.view.nodes;
    default:
      return undefined;
  }
}

function otherTtl({ name, host, pid, ttl }: NodeRow, own: number): StartError {
  return new StartError(
    `Expected one ttl for all nodes of a store, got ${own} ms here and ${ttl} ms on node ${JSON.stringify(name)}, process ${pid} on ${host}`,
  );
}
