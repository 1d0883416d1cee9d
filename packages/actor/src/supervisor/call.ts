import type { Destination } from '../process/address.ts';
import { ExitError } from '../process/exit-error.ts';
import { type ExitReason } from '../process/exit-reason.ts';
import type { ReplyTo, Server } from '../server/behaviour.ts';
import * as GenServer from '../server/gen-server.ts';

/**
 * What a request about a child comes to: its value, why the start failed, or what the caller did
 * wrong.
 */
export type Outcome<Value> =
  | { readonly type: 'done'; readonly value: Value }
  | { readonly type: 'failed'; readonly reason: ExitReason }
  | { readonly type: 'misuse'; readonly message: string };

export function failed(reason: ExitReason): {
  readonly type: 'failed';
  readonly reason: ExitReason;
} {
  return { type: 'failed', reason };
}

/** A request that a supervisor takes, and what it answers. */
export interface Ask<Payload, Value> {
  readonly payload: Payload;
  readonly reply: Value;
}

/**
 * Asks a supervisor. One that is starting a child answers when that is done, however long it takes.
 */
export function ask<Calls, Request extends keyof Calls & string>(
  supervisor: Destination<Server<Calls, unknown>>,
  request: Request,
  payload: unknown,
): Promise<ReplyTo<Calls[Request]>> {
  const call = GenServer.call as (
    server: Destination,
    request: string,
    payload: unknown,
    options: GenServer.CallOptions,
  ) => Promise<ReplyTo<Calls[Request]>>;
  return call(supervisor, request, payload, { timeout: Infinity });
}

/** The value of an outcome; throws an `ExitError` for a failure, and a `TypeError` for a misuse. */
export function valueOf(outcome: Outcome<unknown>, supervisor: Destination): unknown {
  switch (outcome.type) {
    case 'done':
      return outcome.value;
    case 'failed':
      throw new ExitError(outcome.reason, `start of a child of ${String(supervisor)}`);
    case 'misuse':
      throw new TypeError(outcome.message);
    default:
      return outcome satisfies never;
  }
}
