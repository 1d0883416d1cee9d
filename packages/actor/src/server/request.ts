import { isA } from '../brand.ts';
import { describe } from '../describe.ts';
import { assertTimeout } from '../host/timers.ts';
import { assertKnownKeys, type KeysOf } from '../known-keys.ts';
import { type Destination, find } from '../process/address.ts';
import { cellOfProcess } from '../process/cell.ts';
import { firstResult, firstSettled, waitForResults } from '../process/pending-result.ts';
import type { Process } from '../process/process.ts';
import type { PayloadArgs, ReplyTo, Server } from './behaviour.ts';
import {
  idOf,
  type Labelled,
  type NoRequest,
  type NoResponse,
  PendingResponse,
  type RequestId,
  type Response,
  type TimedOut,
} from './pending.ts';

export type {
  Labelled,
  NoRequest,
  NoResponse,
  RequestId,
  Response,
  ResponseMessage,
  TimedOut,
} from './pending.ts';

export interface SendRequestOptions {
  /**
   * The process that asks: it gets a `ResponseMessage`, unless it is waiting for the response when
   * it comes. Default: no message is sent.
   */
  readonly self?: Process;
}

const sendRequestKeys: KeysOf<SendRequestOptions> = { self: true };

export interface ResponseOptions {
  /** In ms. Default: `Infinity`. With 0 only a response that has come is fetched. */
  readonly timeout?: number;
}

const responseKeys: KeysOf<ResponseOptions> = { timeout: true };

/**
 * Sends a request to the server, and waits for nothing. The response is fetched with
 * `receiveResponse` or `waitResponse`, or arrives as a message for `checkResponse`. When the server
 * has ended, or ends, the response says so. Several requests are kept in a `Map` from their ids to
 * any labels.
 * @throws TypeError for anything but a pid or a name in a system
 * @see OTP manual, `gen_server:send_request/2`
 * @example
 * ```ts
 * import { createSystem, GenServer, ok, reply } from '@reprise/actor';
 *
 * const doubler = GenServer.define({
 *   init: () => ok(undefined),
 *   handleCall: { double: (n: number, state) => reply(n * 2, state) },
 * });
 *
 * const system = createSystem();
 * const server = await GenServer.startLink(system, doubler, undefined);
 * const request = GenServer.sendRequest(server, 'double', 21);
 * const response = await GenServer.receiveResponse(request, { timeout: 5000 });
 * console.log(response.type === 'reply' && response.value); // 42
 * await system.stop();
 * ```
 */
export function sendRequest<Calls, Request extends keyof Calls & string>(
  server: Destination<Server<Calls, unknown>>,
  request: Request,
  ...[payload, options]: readonly [...PayloadArgs<Calls[Request]>, options?: SendRequestOptions]
): RequestId<ReplyTo<Calls[Request]>> {
  if (options !== undefined) {
    assertKnownKeys('GenServer.sendRequest', options, sendRequestKeys);
  }
  const { self }: SendRequestOptions = options ?? {};
  const asker = self && cellOfProcess(self);
  const cell = find(server);
  const pending = new PendingResponse(server, asker);
  pending.send(cell?.isAlive ? cell : undefined, request, payload);
  return idOf(pending);
}

/**
 * Resolves with the response to a request, or with the first response to any of several, whose
 * request is then deleted from the map. After `timeout` the requests are given up: a late reply is
 * dropped.
 * @throws RangeError for a wrong timeout; Error when a response is waited for already
 * @see OTP manual, `gen_server:receive_response/2` and `gen_server:receive_response/3`
 * @example
 * ```ts
 * import { createSystem, GenServer, ok, reply } from '@reprise/actor';
 *
 * const doubler = GenServer.define({
 *   init: () => ok(undefined),
 *   handleCall: { double: (n: number, state) => reply(n * 2, state) },
 * });
 *
 * const system = createSystem();
 * const server = await GenServer.startLink(system, doubler, undefined);
 * const requests = new Map<GenServer.RequestId<number>, string>();
 * requests.set(GenServer.sendRequest(server, 'double', 1), 'one');
 * requests.set(GenServer.sendRequest(server, 'double', 2), 'two');
 * const first = await GenServer.receiveResponse(requests);
 * console.log(first.type === 'reply' && `${first.label}: ${first.value}`); // one: 2
 * const second = await GenServer.receiveResponse(requests);
 * console.log(second.type === 'reply' && `${second.label}: ${second.value}`); // two: 4
 * console.log((await GenServer.receiveResponse(requests)).type); // noRequest
 * await system.stop();
 * ```
 */
export function receiveResponse<Value>(
  request: RequestId<Value>,
  options?: ResponseOptions,
): Promise<Response<Value> | TimedOut | NoRequest>;
export function receiveResponse<Value, Label>(
  requests: Map<RequestId<Value>, Label>,
  options?: ResponseOptions,
): Promise<(Response<Value> & Labelled<Value, Label>) | TimedOut | NoRequest>;
export function receiveResponse(
  requests: Requests,
  options?: ResponseOptions,
): Promise<Response | TimedOut | NoRequest> {
  return responseTo('GenServer.receiveResponse', requests, giveUpAll, options);
}

/**
 * `receiveResponse`, but after `timeout` the requests stay open: the response can be waited for
 * again.
 * @throws as `receiveResponse` does
 * @see OTP manual, `gen_server:wait_response/2` and `gen_server:wait_response/3`
 * @example
 * ```ts
 * import { createSystem, GenServer, noreply, ok } from '@reprise/actor';
 *
 * const slow = GenServer.define({
 *   init: () => ok<GenServer.From<string>[]>([]),
 *   handleCall: { ask: (_, waiting, from: GenServer.From<string>) => noreply([...waiting, from]) },
 *   handleCast: {
 *     answer: (text: string, [first, ...rest]) => {
 *       if (first !== undefined) {
 *         GenServer.reply(first, text);
 *       }
 *       return noreply(rest);
 *     },
 *   },
 * });
 *
 * const system = createSystem();
 * const server = await GenServer.startLink(system, slow, undefined);
 * const request = GenServer.sendRequest(server, 'ask');
 * console.log((await GenServer.waitResponse(request, { timeout: 1 })).type); // timeout
 * GenServer.cast(server, 'answer', 'at last');
 * const response = await GenServer.waitResponse(request);
 * console.log(response.type === 'reply' && response.value); // at last
 * await system.stop();
 * ```
 */
export function waitResponse<Value>(
  request: RequestId<Value>,
  options?: ResponseOptions,
): Promise<Response<Value> | TimedOut | NoRequest>;
export function waitResponse<Value, Label>(
  requests: Map<RequestId<Value>, Label>,
  options?: ResponseOptions,
): Promise<(Response<Value> & Labelled<Value, Label>) | TimedOut | NoRequest>;
export function waitResponse(
  requests: Requests,
  options?: ResponseOptions,
): Promise<Response | TimedOut | NoRequest> {
  return responseTo('GenServer.waitResponse', requests, keepAll, options);
}

/**
 * The response that a message tells of, if it belongs to this request, or to one of several, whose
 * request is then deleted from the map. For the process that asked with `self`: in its
 * `handleInfo`, or after a `receive`.
 * @throws TypeError for anything but the result of `sendRequest`
 * @see OTP manual, `gen_server:check_response/2` and `gen_server:check_response/3`
 * @example
 * ```ts
 * import { createSystem, GenServer, ok, reply, spawn } from '@reprise/actor';
 *
 * const doubler = GenServer.define({
 *   init: () => ok(undefined),
 *   handleCall: { double: (n: number, state) => reply(n * 2, state) },
 * });
 *
 * const system = createSystem();
 * const server = await GenServer.startLink(system, doubler, undefined);
 * const { promise, resolve } = Promise.withResolvers<unknown>();
 * spawn<GenServer.ResponseMessage>(system, async (self) => {
 *   const request = GenServer.sendRequest(server, 'double', 21, { self });
 *   const response = GenServer.checkResponse(await self.receive(), request);
 *   resolve(response.type === 'reply' && response.value);
 * });
 * console.log(await promise); // 42
 * await system.stop();
 * ```
 */
export function checkResponse<Value>(
  message: unknown,
  request: RequestId<Value>,
): Response<Value> | NoResponse | NoRequest;
export function checkResponse<Value, Label>(
  message: unknown,
  requests: Map<RequestId<Value>, Label>,
): (Response<Value> & Labelled<Value, Label>) | NoResponse | NoRequest;
export function checkResponse(
  message: unknown,
  requests: Requests,
): Response | NoResponse | NoRequest {
  const open = pendingOf(requests);
  if (open.length === 0) {
    return noRequest;
  }
  const answered = open.find((pending) => pending.isNotice(message));
  return answered === undefined ? { type: 'noReply' } : takeFrom(answered, requests);
}

type Requests = RequestId | Map<RequestId, unknown>;

const timedOut: TimedOut = { type: 'timeout' };
const noRequest: NoRequest = { type: 'noRequest' };

async function responseTo(
  name: string,
  requests: Requests,
  onTimeout: (open: readonly PendingResponse[], requests: Requests) => void,
  options: ResponseOptions = {},
): Promise<Response | TimedOut | NoRequest> {
  assertKnownKeys(name, options, responseKeys);
  const { timeout = Infinity } = options;
  assertTimeout(timeout);
  const open = pendingOf(requests);
  if (open.length === 0) {
    return noRequest;
  }
  if (open.some(({ isWaitedFor }) => isWaitedFor)) {
    throw new Error('Expected a request that is not waited for, got one that is');
  }
  return waitForResults(open, timeout, firstResult, () => {
    const answered = firstSettled(open);
    if (answered === undefined) {
      onTimeout(open, requests);
      return timedOut;
    }
    return takeFrom(answered, requests);
  });
}

function keepAll(): void {}

function giveUpAll(open: readonly PendingResponse[], requests: Requests): void {
  for (const pending of open) {
    pending.giveUp();
    if (requests instanceof Map) {
      requests.delete(idOf(pending));
    }
  }
}

/** The requests whose response can still be fetched. */
function pendingOf(requests: Requests): readonly PendingResponse[] {
  const all =
    requests instanceof Map ? [...requests.keys()].map(pendingBehind) : [pendingBehind(requests)];
  return all.filter(({ isOver }) => !isOver);
}

function pendingBehind(request: RequestId): PendingResponse {
  const pending: unknown = request;
  if (!isA(pending, PendingResponse)) {
    throw new TypeError(`Expected a request made by sendRequest, got ${describe(request)}`);
  }
  return pending;
}

function takeFrom(pending: PendingResponse, requests: Requests): Response {
  const response = pending.take() as Response;
  if (!(requests instanceof Map)) {
    return response;
  }
  const request = idOf(pending);
  const labelled: Response & Labelled = { ...response, request, label: requests.get(request) };
  requests.delete(request);
  return labelled;
}
