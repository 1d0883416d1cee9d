import { isA } from '../brand.ts';
import { type Destination, destinationText, find } from '../process/address.ts';
import { ExitError } from '../process/exit-error.ts';
import { type ExitReason } from '../process/exit-reason.ts';
import type { ReplyTo, Server } from '../server/behaviour.ts';
import * as GenServer from '../server/gen-server.ts';
import { ServerProcess } from '../server/server-process.ts';

/**
 * The outcome of a request about a child: its value, why the start failed, or a mistake of the
 * caller.
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

/** The types of a request to a supervisor. */
export interface SupervisorRequest<Payload, Value> {
  readonly payload: Payload;
  readonly reply: Value;
}

/**
 * Calls a supervisor, by default without a timeout: one that is busy starting or shutting down a
 * child answers afterwards.
 */
export function callSupervisor<Calls, Name extends keyof Calls & string>(
  supervisor: Destination<Server<Calls, unknown>>,
  name: Name,
  payload: unknown,
  options: GenServer.CallOptions = { timeout: Infinity },
): Promise<ReplyTo<Calls[Name]>> {
  assertSupervisor(supervisor, name);
  const call = GenServer.call as (
    server: Destination,
    name: string,
    payload: unknown,
    options: GenServer.CallOptions,
  ) => Promise<ReplyTo<Calls[Name]>>;
  return call(supervisor, name, payload, options);
}

/**
 * Refuses a server that has no clause for a request, and would crash by it: one that is no
 * supervisor, or one of another kind.
 */
export function assertSupervisor(supervisor: Destination, request: string): void {
  const cell = find(supervisor);
  const clauses = isA(cell, ServerProcess) ? cell.behaviour.handleCall : undefined;
  if (cell?.isAlive === true && clauses?.[request] === undefined) {
    throw new TypeError(
      `Expected a supervisor that knows ${request}, got ${destinationText(supervisor)}`,
    );
  }
}

/** The value of an outcome. Throws an `ExitError` for a failure, a `TypeError` for a misuse. */
export function valueOf(outcome: Outcome<unknown>, supervisor: Destination): unknown {
  switch (outcome.type) {
    case 'done':
      return outcome.value;
    case 'failed':
      throw new ExitError(outcome.reason, `start of a child of ${destinationText(supervisor)}`);
    case 'misuse':
      throw new TypeError(outcome.message);
    default:
      return outcome satisfies never;
  }
}
