import type { Destination } from '../process/address.ts';
import type { Cell, Runtime } from '../process/cell.ts';
import { type ExitError } from '../process/exit-error.ts';
import { type ExitReason, noproc, timeout } from '../process/exit-reason.ts';
import { PendingResult } from '../process/pending-result.ts';
import type { CallMessage } from './messages.ts';

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

/** A `RequestId` at run time. */
export class PendingResponse extends PendingResult<Response> {
  readonly #call: CallMessage | undefined;
  readonly #owner: Cell | undefined;
  #message: ResponseMessage | undefined = undefined;

  /** `call` is `undefined` when no such server was running. */
  constructor(server: Destination, call: CallMessage | undefined, owner: Cell | undefined) {
    super();
    this.#call = call;
    this.#owner = owner;
    if (call === undefined) {
      this.settle({ type: 'error', reason: noproc, server });
      return;
    }
    call.promise.then(
      (value) => {
        this.settle({ type: 'reply', value });
      },
      (thrown: ExitError) => {
        this.settle({ type: 'error', reason: thrown.reason, server });
      },
    );
  }

  override get owner(): Cell | undefined {
    return this.#owner;
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
