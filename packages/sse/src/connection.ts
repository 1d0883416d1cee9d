import { Agent, type IncomingMessage } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import type { Socket } from 'node:net';

import type { Clock, TimeoutHandle } from '@reprise/actor';
import got, { type OptionsInit, type Request, type RequestError } from 'got';

import {
  badRequest,
  closed,
  type ConnectFailure,
  type Disconnect,
  type EventStreamResponse,
  type Refusal,
  type ResponseHead,
} from './failure.ts';
import { connectFailureOf, networkFailureOf } from './got-error.ts';
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
   * Tells nothing until `resume`: no packet, not the end either. One packet is read ahead, and what the socket has read after it; the rest
   * stays outside, and the server's writes block. (With an agent of the user's own Node holds up to 128 KiB.) Silence is not counted.
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
  #body: IncomingMessage | undefined = undefined;
  #timer: TimeoutHandle | undefined = undefined;
  #isOver = false;
  #isPaused = false;
  #isBodyPaused = false;
  #heardAt = 0;
  /** How the stream ended, while that may not be told. */
  #end: Disconnect | undefined = undefined;

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

  #start(): void {
    const { responseTimeout = 30_000 } = this.#request;
    this.#startTimer(responseTimeout, () => {
      this.#fail({ type: 'timeout', phase: 'response', ms: responseTimeout });
    });
    this.#send(firstHop(this.#request));
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#heardAt = this.#clock.now();
    if (this.#isBodyPaused) {
      this.#isBodyPaused = false;
      this.#body?.resume();
    }
    if (this.#end !== undefined) {
      const end = this.#end;
      queueMicrotask(() => {
        this.#disconnect(end);
      });
    }
  }

  destroy(): void {
    this.#isOver = true;
    this.#stopTimer();
    // What decompresses it, if anything does, may have more to give; got destroys the socket.
    this.#body?.destroy();
    this.#stream?.destroy();
  }

  #send(hop: Hop): void {
    const stream = got.stream(hop.url, optionsFor(hop, this.#request));
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
    this.#stopTimer();
    this.#startTimer(bodyWait, tell);
    const take = (chunk: Buffer): void => {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= bodyLimit) {
        tell();
      }
    };
    this.#read(response, take, tell);
  }

  #open(response: IncomingMessage, head: EventStreamResponse): void {
    this.#stopTimer();
    this.#break = (error) => {
      this.#disconnect(networkFailureOf(error));
    };
    this.#handlers.connected(head);
    if (!this.#isOver) {
      this.#heardAt = this.#clock.now();
      const { idleTimeout = Infinity } = this.#request;
      this.#watchSilence(idleTimeout, idleTimeout);
      this.#read(response, this.#take, () => {
        this.#disconnect(closed);
      });
    }
  }

  /**
   * Reads from the response itself and not through got's stream, which costs half as much again. got listens for 'readable' on it, which
   * would keep it from flowing.
   */
  #read(response: IncomingMessage, take: (chunk: Buffer) => void, end: () => void): void {
    this.#body = response;
    response.removeAllListeners('readable');
    response.once('end', end).on('data', take).resume();
  }

  /** Pausing a stream costs more than reading a packet: it is done only when a packet comes that is not wanted yet, which is put back. */
  readonly #take = (packet: Buffer): void => {
    if (this.#isPaused) {
      this.#isBodyPaused = true;
      this.#body?.pause();
      this.#body?.unshift(packet);
    } else {
      this.#heardAt = this.#clock.now();
      this.#handlers.packet(packet);
    }
  };

  #watchSilence(limit: number, wait: number): void {
    this.#startTimer(wait, () => {
      const silence = this.#isPaused ? 0 : this.#clock.now() - this.#heardAt;
      if (silence < limit) {
        this.#watchSilence(limit, limit - silence);
      } else {
        this.#disconnect({ type: 'timeout', ms: limit });
      }
    });
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

  #disconnect(disconnect: Disconnect): void {
    if (this.#isPaused) {
      this.#end ??= disconnect;
    } else if (!this.#isOver) {
      this.destroy();
      this.#handlers.disconnected(disconnect);
    }
  }

  #startTimer(ms: number, callback: () => void): void {
    if (ms < Infinity) {
      this.#timer = this.#clock.setTimeout(callback, Math.min(ms, longestWait));
    }
  }

  #stopTimer(): void {
    if (this.#timer !== undefined) {
      this.#clock.clearTimeout(this.#timer);
      this.#timer = undefined;
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
/** Node fires a timer at once when it is asked for more. */
const longestWait = 2 ** 31 - 1;

/**
 * No socket outlives its request. The tiny buffer makes Node stop reading as soon as a packet is not wanted yet; packets that are wanted
 * do not pass through it.
 */
const agents = {
  http: new Agent({ keepAlive: false, highWaterMark: 1 } as object),
  https: new SecureAgent({ keepAlive: false, highWaterMark: 1 } as object),
};

function optionsFor(
  { method, headers, body, isAtHome }: Hop,
  { got: given = {}, tls = {}, connectTimeout = 10_000 }: SseRequest,
): OptionsInit {
  return {
    agent: agents,
    ...given,
    https: {
      ...given.https,
      ...(tls.ca === undefined ? {} : { certificateAuthority: [tls.ca].flat() }),
      ...(tls.cert === undefined ? {} : { certificate: tls.cert }),
      ...(tls.key === undefined ? {} : { key: tls.key }),
      ...(isAtHome ? {} : { certificate: undefined, key: undefined, pfx: undefined }),
    } as NonNullable<OptionsInit['https']>,
    method: method as NonNullable<OptionsInit['method']>,
    headers: headers as NonNullable<OptionsInit['headers']>,
    // got waits for a body to be written to the stream when it is given none.
    ...(method === 'GET' || method === 'HEAD' ? {} : { body: body ?? '' }),
    retry: { limit: 0 },
    throwHttpErrors: false,
    followRedirect: false,
    // Node finds a body that is too short; got counts only what is read through its own stream.
    strictContentLength: false,
    timeout: { lookup: connectTimeout, connect: connectTimeout, secureConnect: connectTimeout },
  };
}
