import type { IncomingMessage } from 'node:http';

import type { Clock } from '@reprise/actor';
import { describe, redact } from '@reprise/actor/text';

import type { RequestBudget } from '../budget/request-budget.ts';
import { Deadline } from '../time/deadline.ts';
import { BodyStart } from './body-start.ts';
import { Body, readAll } from './body.ts';
import { Exchange, type ExchangeHandlers, type Response } from './exchange.ts';
import {
  badRequest,
  type ConnectFailure,
  type Disconnect,
  type EventStreamResponse,
  type RedirectFailure,
  type Refusal,
  requestFailed,
} from './failure.ts';
import { connectFailureOf, networkFailureOf } from './got-error.ts';
import { defaultConnectTimeout } from './got-options.ts';
import { withHidden } from './hidden.ts';
import {
  defaultRedirectDelay,
  firstHop,
  type Hop,
  isRedirect,
  nextHop,
  shownUrl,
} from './redirect.ts';
import { requestProblem, type SseRequest } from './request.ts';

/**
 * The calls of a connection to its owner: either `failed`, once, or `connected`, then `packet` any
 * number of times, then `disconnected`, once. None of them is made while the owner calls the
 * connection, except for `packet` in `resume`.
 */
export interface ConnectionHandlers {
  readonly connected: (response: EventStreamResponse) => void;
  /**
   * Bytes of the body, decompressed. The owner uses or copies them before it returns, or before it
   * calls `resume`.
   */
  readonly packet: (packet: Uint8Array) => void;
  readonly failed: (failure: ConnectFailure) => void;
  readonly disconnected: (disconnect: Disconnect) => void;
}

/** One attempt to connect, and its stream up to its end. */
export interface Connection {
  /**
   * Once connected: holds back packets and the end until `resume`. Up to 64 KiB are read ahead, and
   * a packet or two; then the socket is not read, and the server's writes block. (With an agent of
   * the user's own, Node buffers up to 128 KiB more.) The idle timeout stands still.
   */
  pause(): void;
  resume(): void;
  /** Closes the socket at once; no handler is called any more. Idempotent. */
  destroy(): void;
}

/**
 * Sends the request, follows redirects by our own rules for secrets (`nextHop`), and accepts one
 * response: 200 with `text/event-stream` (WHATWG HTML 9.2.3), or what the request calls a stream.
 * The caller has waited for `budget`; each redirect waits for it again. got times lookup, TCP and
 * TLS in real time; all other timeouts are on `clock`.
 */
export function openConnection(
  request: SseRequest,
  handlers: ConnectionHandlers,
  clock: Clock,
  budget?: RequestBudget,
): Connection {
  return new HttpConnection(request, handlers, clock, budget);
}

/**
 * Whether a Content-Type is that of an event stream, in any case and with any parameters (WHATWG
 * MIME Sniffing: only the essence counts).
 */
export function isEventStream(contentType: string | undefined): boolean {
  return /^[\t ]*text\/event-stream[\t ]*(?:;|$)/i.test(contentType ?? '');
}

class HttpConnection implements Connection {
  readonly #request: SseRequest;
  readonly #handlers: ConnectionHandlers;
  readonly #clock: Clock;
  readonly #budget: RequestBudget | undefined;
  #exchange: Exchange | undefined = undefined;
  #body: Body | undefined = undefined;
  /** For the head of the response, then for the start of a body that is not a stream. */
  #deadline: Deadline | undefined = undefined;
  /** A redirect that is followed after a delay. */
  #delayedHop: Deadline | undefined = undefined;
  #isOver = false;

  constructor(
    request: SseRequest,
    handlers: ConnectionHandlers,
    clock: Clock,
    budget: RequestBudget | undefined,
  ) {
    this.#budget = budget;
    this.#request = request;
    this.#handlers = handlers;
    this.#clock = clock;
    const problem = requestProblem(request);
    if (problem === undefined) {
      this.#start();
    } else {
      queueMicrotask(() => {
        this.#fail(badRequest(problem));
      });
    }
  }

  pause(): void {
    this.#body?.pause();
  }

  resume(): void {
    this.#body?.resume();
  }

  destroy(): void {
    this.#isOver = true;
    this.#deadline?.clear();
    this.#delayedHop?.clear();
    this.#exchange?.destroy();
    // The socket is closed, but a decompressor in between may still hold packets.
    this.#body?.destroy();
  }

  #start(): void {
    const { responseTimeout = 300_000 } = this.#request;
    this.#deadline = new Deadline(this.#clock, responseTimeout, () => {
      this.#exchange?.markDead();
      this.#fail({ type: 'timeout', phase: 'response', ms: responseTimeout });
    });
    this.#send(firstHop(this.#request));
  }

  #send(hop: Hop): void {
    this.#budget?.take();
    this.#exchange = new Exchange(hop, this.#request, {
      answered: (response) => {
        if (!this.#isOver) {
          this.#judge(hop, response);
        }
      },
      upgraded: ({ headers }) => {
        const url = shownUrl(hop.url);
        const failure = { type: 'status', status: 101, url } as const;
        this.#fail(withHidden(failure, { headers: { ...headers }, body: '' }));
      },
      failed: (error, reset) => {
        this.#break(error, reset);
      },
    });
  }

  #judge(hop: Hop, response: Response): void {
    const { statusCode: status = 0, headers } = response;
    const url = redact(response.url);
    if (isRedirect(status, headers.location)) {
      this.#follow(nextHop(hop, { status, location: headers.location }, this.#request));
    } else if (status === 204) {
      const failure = { type: 'noContent', status, url } as const;
      this.#fail(withHidden(failure, { headers: { ...headers } }));
    } else if (status !== 200) {
      this.#refuse(response, (body) => {
        this.#leaveMisdirected(status);
        return withHidden({ type: 'status', status, url }, { headers: { ...headers }, body });
      });
    } else {
      this.#judgeType(response, withHidden({ status, url }, { headers: { ...headers } }));
    }
  }

  #judgeType(response: Response, head: EventStreamResponse): void {
    const { contentType = isEventStream } = this.#request;
    let isAccepted: unknown;
    try {
      isAccepted = contentType(head.headers['content-type'] ?? '');
    } catch (error) {
      this.#fail(requestFailed(error));
      return;
    }
    if (isAccepted === true) {
      this.#open(response, head);
    } else if (isAccepted === false) {
      const { status, url, headers } = head;
      this.#refuse(response, (body) =>
        withHidden({ type: 'contentType', status, url }, { headers, body }),
      );
    } else {
      this.#fail(
        badRequest(`Expected contentType to give true or false, got ${describe(isAccepted)}`),
      );
    }
  }

  /**
   * Destroys the last exchange only when the next one has begun: over HTTP/2 it keeps the session
   * open until the next stream is on it.
   */
  #follow(next: Hop | RedirectFailure): void {
    if ('type' in next) {
      this.#fail(next);
      return;
    }
    const before = this.#exchange;
    this.#exchange = undefined;
    const send = (): void => {
      this.#send(next);
    };
    try {
      const { redirectDelay = defaultRedirectDelay } = this.#request;
      const delay = Math.max(redirectDelay(next.trail.length), this.#budget?.wait ?? 0);
      if (delay > 0 && !this.#isOver) {
        this.#delayedHop = new Deadline(this.#clock, delay, send);
      } else if (!this.#isOver) {
        send();
      }
    } catch (error) {
      this.#fail(requestFailed(error));
    }
    before?.destroy();
  }

  /** 421: the next attempt must not use this connection (RFC 9110 15.5.20). */
  #leaveMisdirected(status: number): void {
    if (status === 421) {
      this.#exchange?.markDead();
    }
  }

  /** Fails with the body, or with the part of it that comes within its limits. */
  #refuse(response: IncomingMessage, failure: (body: string) => ConnectFailure & Refusal): void {
    const { maxBodySize = 65_536, bodyTimeout = 5000 } = this.#request;
    const start = new BodyStart(maxBodySize, (text) => {
      this.#fail(failure(text));
    });
    this.#break = start.end;
    this.#deadline?.clear();
    this.#deadline = new Deadline(this.#clock, bodyTimeout, start.end);
    readAll(response, start.take, start.end);
  }

  #open(response: Response, head: EventStreamResponse): void {
    const { packet, disconnected } = this.#handlers;
    const ended = (disconnect: Disconnect): void => {
      if (disconnect.type === 'timeout') {
        this.#exchange?.markDead();
      }
      this.destroy();
      disconnected(disconnect);
    };
    this.#exchange?.detachFromGot(response);
    const { idleTimeout = Infinity } = this.#request;
    const body = new Body(response, { packet, ended }, idleTimeout, this.#clock);
    this.#deadline?.clear();
    this.#body = body;
    this.#break = (error, reset) => {
      body.end(networkFailureOf(error, reset));
    };
    this.#handlers.connected(head);
    body.read();
  }

  /** Handles an error; `#refuse` and `#open` replace it as the attempt goes on. */
  #break: ExchangeHandlers['failed'] = (error, reset) => {
    const { connectTimeout = defaultConnectTimeout } = this.#request;
    this.#fail(connectFailureOf(error, { connectTimeout, reset }));
  };

  #fail(failure: ConnectFailure): void {
    if (!this.#isOver) {
      this.destroy();
      this.#handlers.failed(failure);
    }
  }
}
