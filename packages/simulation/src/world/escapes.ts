import { createHook } from 'node:async_hooks';

import type { Engine } from '../engine/engine.ts';
import type { Owner } from '../engine/happening.ts';
import { type EscapeKind, escapeWords, isOneShot, kindIn, kindOf } from './escape-kind.ts';

/** How long, in real ms, virtual time stands still for an operation that ends once. */
const longestOperation = 10_000;
/** The same for an open socket, or another operation that may call back at any time, or never. */
const longestSilence = 500;

/** An allowed operation outside of the simulation. */
interface Operation {
  readonly owner: Owner;
  readonly limit: number;
  /** The real time when it began, or called back. */
  since: number;
}

/**
 * Sees the operations of a run outside of the simulation. One that is not allowed fails the run.
 * An allowed one has its callbacks in the node that began it, and virtual time stands still until
 * then.
 */
export class Escapes {
  /** The kinds that were allowed, and were used. */
  readonly used: Set<EscapeKind> = new Set();
  readonly #engine: Engine;
  readonly #allowed: ReadonlySet<EscapeKind>;
  readonly #operations: Map<number, Operation> = new Map();

  constructor(engine: Engine, allowed: Iterable<EscapeKind>) {
    this.#engine = engine;
    this.#allowed = new Set(allowed);
  }

  get allowsAny(): boolean {
    return this.#allowed.size > 0;
  }

  /** Whether something outside may call back, before virtual time goes on or the run is stuck. */
  isBusy(isStuck: boolean): boolean {
    const now = hostNow();
    return [...this.#operations.values()].some(
      ({ since, limit }) => now - since < (isStuck ? longestOperation : limit),
    );
  }

  began(id: number, type: string): void {
    const { current } = this.#engine;
    if (current === undefined) {
      return;
    }
    if (type === 'TickObject') {
      this.#engine.ticked();
    }
    if (kindOf(type) === undefined) {
      return;
    }
    const stack = deepStack();
    const kind = kindIn(type, stack);
    if (kind !== undefined && this.#allowed.has(kind)) {
      this.used.add(kind);
      const limit = isOneShot(type) ? longestOperation : longestSilence;
      this.#operations.set(id, { owner: current, limit, since: hostNow() });
    } else if (kind !== undefined) {
      this.#fail(current, kind, stack);
    }
  }

  /** The callback is code of the node that began the operation. */
  callsBack(id: number): void {
    const operation = this.#operations.get(id);
    if (operation !== undefined) {
      this.#engine.current = operation.owner;
    }
  }

  hasCalledBack(id: number): void {
    const operation = this.#operations.get(id);
    if (operation?.limit === longestOperation) {
      this.#operations.delete(id);
    } else if (operation !== undefined) {
      operation.since = hostNow();
    }
  }

  ended(id: number): void {
    this.#operations.delete(id);
  }

  #fail({ name }: Owner, kind: EscapeKind, stack: string): void {
    const message =
      `Expected ${name} to stay inside of the simulation, got code that ${escapeWords[kind]}: ` +
      `a seed cannot repeat that. To let it, allow: ['${kind}']`;
    const error = new Error(message);
    error.stack = `Error: ${message}${stack}`;
    this.#engine.fail('escape', message, error);
  }
}

/** The stack down to the code of the user, below many functions of Node. */
function deepStack(): string {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 50;
  const { stack = '' } = new Error();
  Error.stackTraceLimit = stackTraceLimit;
  return stack.slice(stack.indexOf('\n'));
}

/** Kept from before the simulation, which replaces it. */
const hostNow: () => number = performance.now.bind(performance);

let watching: Escapes | undefined;

const beginnings = {
  init: (id: number, type: string): void => watching?.began(id, type),
  // Promises are most of all that is begun, and no escape.
  trackPromises: false,
};
const callbacks = {
  before: (id: number): void => watching?.callsBack(id),
  after: (id: number): void => watching?.hasCalledBack(id),
  destroy: (id: number): void => watching?.ended(id),
  trackPromises: false,
};
const beginningsHook = createHook(beginnings);
const callbacksHook = createHook(callbacks);

/** Lets `escapes` see each operation that begins, until the returned function is called. */
export function watch(escapes: Escapes): () => void {
  watching = escapes;
  beginningsHook.enable();
  if (escapes.allowsAny) {
    callbacksHook.enable();
  }
  return () => {
    watching = undefined;
    beginningsHook.disable();
    callbacksHook.disable();
  };
}
