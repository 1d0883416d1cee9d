import type { IncomingMessage } from 'node:http';

import type { Clock, TimeoutHandle } from '@reprise/actor';

import { Body, readAll } from './body.ts';
import { Exchange, type ExchangeHandlers, type Response } from './exchange.ts';
import {
  badRequest,
  type ConnectFailure,
  type Disconnect,
  type EventStreamResponse,
  type RedirectFailure,
  type Refusal,
  type ResponseHead,
} from './failure.ts';
import { connectFailureOf, networkFailureOf } from './got-error.ts';
import { longestWait } from './idle-timer.ts';
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
 * What a connection tells: either `failed`, once, or `connected`, then packets, then
 * `disconnected`, once. Nothing but packets, in `resume`, is told inside a call to it.
 */
export interface ConnectionHandlers {
  readonly connected: (response: EventStreamResponse) => void;
  /**
   * The bytes of the body, decompressed, as they come: to be used or copied before the call returns
   * or `resume` is called.
   */
  readonly packet: (packet: Uint8Array) => void;
  readonly failed: (failure: ConnectFailure) => void;
  readonly disconnected: (disconnect: Disconnect) => void;
}

/** One attempt, read to its end. */
export interface Connection {
  /**
   * Once connected: tells nothing until `resume`, no packet, not the end either. Up to 64 KiB are
   * read ahead, and a packet or two; the rest stays outside, and the server's writes block. (With
   * an agent of the user's own Node holds up to 128 KiB more.) Silence is not counted.
   */
  pause(): void;
  resume(): void;
  /** Closes the socket at once, and nothing is told any more. Harmless when it is over. */
  destroy(): void;
}

/**
 * Sends the request, follows redirects under our own rules for secrets (`nextHop`), judges the
 * answer: 200 with `text/event-stream` is a success, nothing else is (WHATWG HTML 9.2.3). Lookup,
 * TCP and TLS are timed by got on real time; the rest on `clock`.
 */
export function openConnection(
  request: SseRequest,
  handlers: ConnectionHandlers,
  clock: Clock,
): Connection {
  return new HttpConnection(request, handlers, clock);
}

/**
 * Whether a Content-Type is that of an event stream: its essence counts, in any case, without
 * parameters (WHATWG MIME Sniffing).
 */
export function isEventStream(contentType: string | undefined): boolean {
  return /^[\t ]*text\/event-stream[\t ]*(?:;|$)/i.test(contentType ?? '');
}

class HttpConnection implements Connection {
  readonly #request: SseRequest;
  readonly #handlers: ConnectionHandlers;
  readonly #clock: Clock;
  #exchange: Exchange | undefined = undefined;
  #body: Body | undefined = undefined;
  /** Until there is an answer, then until its body is told of, if that is not the stream. */
  #deadline: TimeoutHandle | undefined = undefined;
  /** Where a redirect leads, when that has to wait. */
  #nextHop: TimeoutHandle | undefined = undefined;
  #isOver = false;

  constructor(request: SseRequest, handlers: ConnectionHandlers, clock: Clock) {
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
    this.#clear(this.#deadline);
    this.#clear(this.#nextHop);
    this.#exchange?.destroy();
    // What decompresses it, if anything does, may have more to give.
    this.#body?.destroy();
  }

  #start(): void {
    const { responseTimeout = 30_000 } = this.#request;
    this.#setDeadline(responseTimeout, () => {
      this.#exchange?.distrust();
      this.#fail({ type: 'timeout', phase: 'response', ms: responseTimeout });
    });
    this.#send(firstHop(this.#request));
  }

  #send(hop: Hop): void {
    this.#exchange = new Exchange(hop, this.#request, {
      answered: (response) => {
        if (!this.#isOver) {
          this.#judge(hop, response);
        }
      },
      upgraded: ({ headers }) => {
        const url = shownUrl(hop.url);
        this.#fail({ type: 'status', status: 101, headers: { ...headers }, url, body: '' });
      },
      failed: (error, reset) => {
        this.#break(error, reset);
      },
    });
  }

  #judge(hop: Hop, response: Response): void {
    const { statusCode: status = 0, headers, url } = response;
    const head: ResponseHead = { status, headers: { ...headers }, url };
    if (isRedirect(status, headers.location)) {
      this.#follow(nextHop(hop, { status, location: headers.location }, this.#request));
    } else if (status === 204) {
      this.#fail({ type: 'noContent', ...head });
    } else if (status !== 200) {
      this.#refuse(response, (body) => ({ type: 'status', ...head, body }));
    } else if (isEventStream(headers['content-type'])) {
      this.#open(response, { ...head, status });
    } else {
      this.#refuse(response, (body) => ({ type: 'contentType', ...head, body }));
    }
  }

  /**
   * The exchange before goes last: over HTTP/2 it holds the connection until the next one has a
   * part in it.
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
      const delay = redirectDelay(next.trail.length);
      if (delay > 0) {
        this.#nextHop = this.#clock.setTimeout(send, Math.min(delay, longestWait));
      } else {
        send();
      }
    } catch (error) {
      this.#fail({ type: 'request', error });
    }
    before?.destroy();
  }

  /** Tells of the refusal once the start of its body is there, and does not wait long for it. */
  #refuse(response: IncomingMessage, failure: (body: string) => ConnectFailure & Refusal): void {
    const chunks: Uint8Array[] = [];
    let size = 0;
    const tell = (): void => {
      this.#fail(failure(Buffer.concat(chunks).subarray(0, bodyLimit).toString('utf8')));
    };
    this.#break = tell;
    this.#clear(this.#deadline);
    this.#setDeadline(bodyWait, tell);
    const take = (chunk: Buffer): void => {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= bodyLimit) {
        tell();
      }
    };
    readAll(response, take, tell);
  }

  #open(response: Response, head: EventStreamResponse): void {
    const { packet, disconnected } = this.#handlers;
    const ended = (disconnect: Disconnect): void => {
      if (disconnect.type === 'timeout') {
        this.#exchange?.distrust();
      }
      this.destroy();
      disconnected(disconnect);
    };
    this.#exchange?.letGo(response);
    const { idleTimeout = Infinity } = this.#request;
    const body = new Body(response, { packet, ended }, idleTimeout, this.#clock);
    this.#clear(this.#deadline);
    this.#body = body;
    this.#break = (error, reset) => {
      body.end(networkFailureOf(error, reset));
    };
    this.#handlers.connected(head);
    body.read();
  }

  /** What an error means changes as the attempt goes on. */
  #break: ExchangeHandlers['failed'] = (error, reset) => {
    this.#fail(connectFailureOf(error, reset));
  };

  #fail(failure: ConnectFailure): void {
    if (!this.#isOver) {
      this.destroy();
      this.#handlers.failed(failure);
    }
  }

  #setDeadline(ms: number, passed: () => void): void {
    if (ms < Infinity) {
      this.#deadline = this.#clock.setTimeout(passed, Math.min(ms, longestWait));
    }
  }

  #clear(timer: TimeoutHandle | undefined): void {
    if (timer !== undefined) {
      this.#clock.clearTimeout(timer);
    }
  }
}

const bodyLimit = 4096;
const bodyWait = 500;
