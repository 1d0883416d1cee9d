import type { IncomingHttpHeaders } from 'node:http';

import type { Clock } from '@reprise/actor';

import type { RequestBudget } from '../budget/request-budget.ts';
import { createPacketState, handlePacket } from '../format/parser.ts';
import type { ConnectionHandlers } from '../http/attempt.ts';
import { openConnection } from '../http/connection.ts';
import type { ConnectFailure, EventStreamResponse } from '../http/failure.ts';
import type { SseRequest } from '../http/request.ts';
import { HandshakeError } from './failure.ts';
import { isResponseTo, type RpcMessage, messagesIn } from './json-rpc.ts';

/** The answer to a message: its head, and the response if the message was a request. */
export interface ExchangeResult {
  readonly headers: IncomingHttpHeaders;
  readonly response: RpcMessage | undefined;
}

export interface ExchangeOptions {
  /** The id of the message, if it is a request: the answer has the response to it. */
  readonly id?: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Of the client, if the exchange counts as one of its requests. */
  readonly budget?: RequestBudget | undefined;
}

/**
 * Sends one message. The response is JSON or an event of a stream, which is closed after it; a
 * message that is no request is answered by 202, or another status of success.
 * @throws (rejects) HandshakeError for any other answer, or none; the reason of the signal.
 */
export async function exchange(
  request: SseRequest,
  options: ExchangeOptions,
): Promise<ExchangeResult> {
  const { clock, signal, budget } = options;
  signal.throwIfAborted();
  const settling = Promise.withResolvers<ExchangeResult>();
  const aborted = (): void => {
    settling.reject(signal.reason as Error);
  };
  signal.addEventListener('abort', aborted);
  const whole = { ...request, maxBodySize: largestJson };
  const connection = openConnection(whole, handlersOf(options.id, settling), clock, budget);
  try {
    return await settling.promise;
  } finally {
    connection.destroy();
    signal.removeEventListener('abort', aborted);
  }
}

type Settling = Pick<PromiseWithResolvers<ExchangeResult>, 'resolve' | 'reject'>;

function handlersOf(
  id: number | undefined,
  { resolve, reject }: Settling,
): ConnectionHandlers<EventStreamResponse, never> {
  const packets = createPacketState();
  let headers: IncomingHttpHeaders = {};
  return {
    connected: (head) => {
      ({ headers } = head);
      if (id === undefined) {
        resolve({ headers, response: undefined });
      }
    },
    packet: (bytes) => {
      const messages = handlePacket(bytes, packets).flatMap(({ data }) => messagesIn(data) ?? []);
      const response = messages.find((message) => isResponseTo(id, message));
      if (response !== undefined) {
        resolve({ headers, response });
      }
    },
    failed: (failure) => {
      const answer = answerIn(failure, id);
      if (answer === undefined) {
        reject(new HandshakeError(failure));
      } else {
        resolve(answer);
      }
    },
    disconnected: (disconnect) => {
      reject(new HandshakeError(disconnect));
    },
  };
}

/** The result of `initialize` can have pages of instructions; in bytes. */
const largestJson = 2 ** 20;

/** The answer in a response that is a failure for a stream: JSON, or a success without a body. */
function answerIn(failure: ConnectFailure, id: number | undefined): ExchangeResult | undefined {
  if (failure.type === 'contentType') {
    const response = (messagesIn(failure.body) ?? []).find((one) => isResponseTo(id, one));
    return id === undefined || response !== undefined
      ? { headers: failure.headers, response }
      : undefined;
  }
  const isSuccess =
    failure.type === 'noContent' ||
    (failure.type === 'status' && Math.floor(failure.status / 100) === 2);
  return id === undefined && isSuccess
    ? { headers: failure.headers, response: undefined }
    : undefined;
}
