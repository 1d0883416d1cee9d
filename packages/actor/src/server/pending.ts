import { setBrand } from '../brand.ts';
import type { Destination } from '../process/address.ts';
import type { Cell, Runtime } from '../process/cell.ts';
import { type ExitReason, noproc, timeout } from '../process/exit-reason.ts';
import { PendingResult } from '../process/pending-result.ts';
import { CallMessage } from './messages.ts';

declare const requested: unique symbol;

/** A request on its way, whose response is fetched once. */
export interface RequestId<out Value = unknown> {
  readonly [requested]: Value;
}

/** The reply to a request, or the reason why there will be none. */
export type Response<Value = unknown> =
  | { readonly type: 'reply'; readonly value: Value }
  | { readonly type: 'error'; readonly reason: ExitReason; readonly server: Destination };

/** The request, of several, that a response belongs to. */
export interface Labelled<out Value = unknown, out Label = unknown> {
  readonly request: RequestId<Value>;
  readonly label: Label;
}

/** There is no response yet. */
export interface TimedOut {
  readonly type: 'timeout';
}

/** There is nothing to wait for: every response was fetched or given up. */
export interface NoRequest {
  readonly type: 'noRequest';
}

/** The message is none of the responses asked for. */
export interface NoResponse {
  readonly type: 'noReply';
}

/** Tells the process that sent the request that the response has come: for `checkResponse`. */
export interface ResponseMessage<out Value = unknown> {
  readonly type: 'response';
  readonly request: RequestId<Value>;
}

/**
 * The call of a `sendRequest`. Its outcome reaches the `PendingResponse` in the same instant, and
 * not by a promise: the `ResponseMessage` comes before all that the server sends after its answer.
 */
class RequestMessage extends CallMessage {
  readonly #pending: PendingResponse;

  constructor(server: Cell, request: string, payload: unknown, pending: PendingResponse) {
    super(server, request, payload, undefined);
    this.#pending = pending;
  }

  protected override answered(value: unknown): void {
    this.#pending.settle({ type: 'reply', value });
  }

  protected override failed(reason: ExitReason): void {
    this.#pending.settle({ type: 'error', reason, server: this.#pending.server });
  }
}

/** A `RequestId` at run time. */
export class PendingResponse extends PendingResult<Response> {
  static {
    setBrand(this, 'request id');
  }

  readonly #server: Destination;
  readonly #owner: Cell | undefined;
  #call: CallMessage | undefined = undefined;
  #message: ResponseMessage | undefined = undefined;

  constructor(server: Destination, owner: Cell | undefined) {
    super();
    this.#server = server;
    this.#owner = owner;
  }

  get server(): Destination {
    return this.#server;
  }

  /** Sends the request; `cell` is `undefined` when no such server was running. */
  send(cell: Cell | undefined, request: string, payload: unknown): void {
    if (cell === undefined) {
      this.settle({ type: 'error', reason: noproc, server: this.#server });
      return;
    }
    this.#call = new RequestMessage(cell, request, payload, this);
    cell.push(this.#call);
  }

  override get owner(): Cell | undefined {
    return this.#owner;
  }

  override get target(): Cell | undefined {
    return this.#call?.server;
  }

  /** Only read while it is waited for. Without a call it is settled from the start. */
  override get runtime(): Runtime {
    return (this.#call as CallMessage).server.runtime;
  }

  /** A late reply is dropped. */
  giveUp(): void {
    this.take();
    this.#call?.fail(timeout);
  }

  protected override notify(): void {
    if (this.#owner !== undefined) {
      this.#message = { type: 'response', request: idOf(this) };
      this.#owner.pushSystem(this.#message);
    }
  }

  override isNotice(message: unknown): boolean {
    return message !== undefined && message === this.#message;
  }
}

export function idOf(pending: PendingResponse): RequestId<never> {
  return pending as unknown as RequestId<never>;
}
