import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

import type { Clock, TimeoutHandle } from '@reprise/actor';
import got, { type Request, type RequestError } from 'got';

import { Body, readAll } from './body.ts';
import {
  badRequest,
  type ConnectFailure,
  type Disconnect,
  type EventStreamResponse,
  type Refusal,
  type ResponseHead,
} from './failure.ts';
import { connectFailureOf, networkFailureOf } from './got-error.ts';
import { gotOptions } from './got-options.ts';
import { longestWait } from './idle-timer.ts';
import { firstHop, type Hop, isRedirect, nextHop, shownUrl } from './redirect.ts';
import { requestProblem, type SseRequest } from './request.ts';

/** What a connection tells: either `failed`, once, or `connected`, then packets, then `disconnected`, once. Never inside a call to it. */
export interface ConnectionHandlers {
  readonly connected: (response: EventStreamResponse) => void;
  /** The bytes of the body, decompressed, as they come: to be used or copied before the call returns or `resume` is called. */
  readonly packet: (packet: Uint8Array) => void;
  readonly failed: (failure: ConnectFailure) => void;
  readonly disconnected: (disconnect: Disconnect) => void;
}

/** One attempt, read to its end. */
export interface Connection {
  /**
   * Once connected: tells nothing until `resume`, no packet, not the end either. One packet is read ahead, and what the socket has read
   * after it; the rest stays outside, and the server's writes block. (With an agent of the user's own Node holds up to 128 KiB.) Silence
   * is not counted.
   */
  pause(): void;
  resume(): void;
  /** Closes the socket at once, and nothing is told any more. Harmless when it is over. */
  destroy(): void;
}

/**
 * Sends the request, follows redirects under our own rules for secrets (`nextHop`), judges the answer: 200 with `text/event-stream` is a
 * success, nothing else is (WHATWG HTML 9.2.3). Lookup, TCP and TLS are timed by got on real time; the rest on `clock`.
 */
export function openConnection(
  request: SseRequest,
  handlers: ConnectionHandlers,
  clock: Clock,
): Connection {
  return new HttpConnection(request, handlers, clock);
}

/** Whether a Content-Type is that of an event stream: its essence counts, in any case, without parameters (WHATWG MIME Sniffing). */
export function isEventStream(contentType: string | undefined): boolean {
  return /^[\t ]*text\/event-stream[\t ]*(?:;|$)/i.test(contentType ?? '');
}

class HttpConnection implements Connection {
  readonly #request: SseRequest;
  readonly #handlers: ConnectionHandlers;
  readonly #clock: Clock;
  #stream: Request | undefined = undefined;
  #body: Body | undefined = undefined;
  /** Until there is an answer, then until its body is told of, if that is not the stream. */
  #deadline: TimeoutHandle | undefined = undefined;
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
    this.#clearDeadline();
    // What decompresses it, if anything does, may have more to give; got destroys the socket.
    this.#body?.destroy();
    this.#stream?.destroy();
  }

  #start(): void {
    const { responseTimeout = 30_000 } = this.#request;
    this.#setDeadline(responseTimeout, () => {
      this.#fail({ type: 'timeout', phase: 'response', ms: responseTimeout });
    });
    this.#send(firstHop(this.#request));
  }

  #send(hop: Hop): void {
    const stream = got.stream(hop.url, gotOptions(hop, this.#request));
    this.#stream = stream;
    // It stays to the end: an error that nobody listens to would end the program.
    stream.on('error', (error: RequestError) => {
      this.#break(error);
    });
    stream.once('upgrade', (response: IncomingMessage, socket: Socket) => {
      this.#refuseUpgrade(shownUrl(hop.url), response, socket);
    });
    stream.once('response', (response: IncomingMessage & { readonly url: string }) => {
      // With cookies to keep, got may get here after the end.
      if (!this.#isOver) {
        outsideOfGot(() => {
          this.#judge(hop, response);
        });
      }
    });
  }

  /** 101, which nobody asked for: Node leaves such a socket to whoever listens for it. */
  #refuseUpgrade(url: string, { headers }: IncomingMessage, socket: Socket): void {
    socket.destroy();
    this.#fail({ type: 'status', status: 101, headers: { ...headers }, url, body: '' });
  }

  #judge(hop: Hop, response: IncomingMessage & { readonly url: string }): void {
    const { statusCode: status = 0, headers, url } = response;
    const head: ResponseHead = { status, headers: { ...headers }, url };
    if (isRedirect(status, headers.location)) {
      this.#redirect(hop, status, headers.location);
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

  #redirect(hop: Hop, status: number, location: string): void {
    const next = nextHop(hop, { status, location }, this.#request);
    if ('type' in next) {
      this.#fail(next);
    } else {
      const stream = this.#stream;
      this.#send(next);
      stream?.destroy();
    }
  }

  /** Tells of the refusal once the start of its body is there, and does not wait long for it. */
  #refuse(response: IncomingMessage, failure: (body: string) => ConnectFailure & Refusal): void {
    const chunks: Uint8Array[] = [];
    let size = 0;
    const tell = (): void => {
      this.#fail(failure(Buffer.concat(chunks).subarray(0, bodyLimit).toString('utf8')));
    };
    this.#break = tell;
    this.#clearDeadline();
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

  #open(response: IncomingMessage, head: EventStreamResponse): void {
    const { packet, disconnected } = this.#handlers;
    const ended = (disconnect: Disconnect): void => {
      this.destroy();
      disconnected(disconnect);
    };
    const { idleTimeout = Infinity } = this.#request;
    const body = new Body(response, { packet, ended }, idleTimeout, this.#clock);
    this.#clearDeadline();
    this.#body = body;
    this.#break = (error) => {
      body.end(networkFailureOf(error));
    };
    this.#handlers.connected(head);
    body.read();
  }

  /** What an error means changes as the attempt goes on. */
  #break: (error: RequestError) => void = (error) => {
    this.#fail(connectFailureOf(error));
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

  #clearDeadline(): void {
    if (this.#deadline !== undefined) {
      this.#clock.clearTimeout(this.#deadline);
    }
  }
}

/** got would take an error of a handler for one of the request. */
function outsideOfGot(callback: () => void): void {
  try {
    callback();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

const bodyLimit = 4096;
const bodyWait = 500;
