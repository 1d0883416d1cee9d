import { describe } from '@reprise/actor/text';
import type { PoolClient } from 'pg';

import { refusalOf } from './transaction-control.ts';

/** A client that a handler is given. */
export interface Guarded {
  readonly tx: PoolClient;
  /** The errors of statements that were not sent. */
  readonly refusals: ReadonlySet<unknown>;
  /** From now on it sends nothing. */
  readonly close: () => void;
}

/** What is told of the statements that are sent. */
interface Listener {
  /** Before each statement. */
  begin(): unknown;
  failed(error: unknown): void;
}

/**
 * pg's client, but it does not end its transaction, nor itself, and works only as long as its
 * handler runs. ORMs take it as such; `release` does nothing, since Kysely calls it after
 * each statement.
 */
export function guarded(client: PoolClient, listener: Listener): Guarded {
  const refusals = new Set<unknown>();
  let isOpen = true;
  const query = (...args: readonly unknown[]): unknown => {
    const refusal = isOpen ? refusalOfQuery(args[0]) : late();
    if (refusal !== undefined) {
      refusals.add(refusal);
      return refuse(args, refusal);
    }
    return send(client, listener, args);
  };
  const own = new Map<string | symbol, unknown>([
    ['query', query],
    ['release', () => {}],
    ['connect', notOwn],
    ['end', notOwn],
  ]);
  const tx = new Proxy(client, { get: (target, key) => own.get(key) ?? memberOf(target, key) });
  return {
    tx,
    refusals,
    close: () => {
      isOpen = false;
    },
  };
}

function send(client: PoolClient, listener: Listener, args: readonly unknown[]): unknown {
  listener.begin();
  // Each form that pg takes, as it is given.
  const result: unknown = client.query(...(args as [string]));
  if (result instanceof Promise) {
    result.catch((error: unknown) => listener.failed(error));
  }
  return result;
}

/** Methods of pg's client look for its own fields on `this`. */
function memberOf(client: PoolClient, key: string | symbol): unknown {
  const value: unknown = Reflect.get(client, key);
  return typeof value === 'function' ? value.bind(client) : value;
}

function notOwn(): never {
  throw new TypeError('Expected tx to be used for statements, got a call that opens or closes it');
}

function late(): Error {
  return new Error('Expected tx to be used before its handler has returned, got a statement later');
}

function refusalOfQuery(query: unknown): TypeError | undefined {
  const text = textOf(query);
  if (text === undefined) {
    return new TypeError(`Expected a statement with its text, got ${describe(query)}`);
  }
  const refusal = refusalOf(text);
  return refusal === undefined
    ? undefined
    : new TypeError(
        `Expected ${refusal}, since the transaction ends with its handler, got ${describe(text)}`,
      );
}

/** `""` for a prepared statement that is run by its name; `undefined` if nobody can tell. */
function textOf(query: unknown): string | undefined {
  if (typeof query === 'string') {
    return query;
  }
  if (typeof query !== 'object' || query === null) {
    return undefined;
  }
  if ('text' in query && typeof query.text === 'string') {
    return query.text;
  }
  return 'name' in query && !('submit' in query) ? '' : undefined;
}

/** Tells the caller as pg would: by the callback, by an exception, or by a promise. */
function refuse(args: readonly unknown[], error: Error): unknown {
  const callback = args.at(-1);
  if (typeof callback === 'function') {
    queueMicrotask(() => callback(error));
    return undefined;
  }
  const [query] = args;
  if (typeof query === 'object' && query !== null && 'submit' in query) {
    throw error;
  }
  return Promise.reject(error);
}
