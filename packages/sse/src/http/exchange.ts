import { type ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

import got, { type Request, type RequestError } from 'got';

import { gotOptions } from './got-options.ts';
import { forgetProtocol, hasStream, markSessionDead, resetCode, shareSession } from './http2.ts';
import type { Hop } from './redirect.ts';
import type { Transport } from './request.ts';

export interface Response extends IncomingMessage {
  readonly url: string;
  /** The reason phrase as it was sent: where there is none, got makes one up. */
  readonly statusText: string;
}

export interface ExchangeHandlers {
  /** The head of the response. It may come after `destroy`, if got has cookies to store. */
  readonly answered: (response: Response) => void;
  /** A response with status 101; its socket is closed already. */
  readonly upgraded: (response: IncomingMessage) => void;
  /**
   * An error of got or of Node, before or after the head. `reset` is the reason why the stream was
   * reset, over HTTP/2.
   */
  readonly failed: (error: NodeJS.ErrnoException, reset: string | undefined) => void;
}

/**
 * How long a socket is silent before TCP asks whether the other side is still there, in ms. That
 * keeps the entries of NATs and load balancers, which forget a silent connection after minutes.
 */
const keepAliveDelay = 30_000;

/** One request, sent with got over HTTP/1.1 or HTTP/2, and its response. */
export class Exchange {
  /** Until `detachFromGot`. */
  #stream: Request | undefined;
  readonly #handlers: ExchangeHandlers;
  /** The request that got sends, once it knows the protocol. */
  #sending: ClientRequest | undefined = undefined;
  #statusText = '';

  constructor(hop: Hop, request: Transport, handlers: ExchangeHandlers) {
    this.#handlers = handlers;
    const stream = got.stream(hop.url, gotOptions(hop, request));
    this.#stream = stream;
    stream.once('request', (sending) => {
      this.#sent(sending, request);
      if (isWithoutContent(hop)) {
        dropLength(sending);
      }
    });
    // Stays to the end: an 'error' event without a listener would end the program.
    stream.on('error', (error: RequestError) => {
      if (request.got?.http2 === true && !hasStream(this.#sending)) {
        forgetProtocol(hop.url.origin);
      }
      handlers.failed(error, resetCode(this.#sending));
    });
    // An upgrade was not asked for, and Node leaves its socket to the listener.
    stream.once('upgrade', (response: IncomingMessage, socket: Socket) => {
      socket.destroy();
      handlers.upgraded(response);
    });
    stream.once('response', (response: Response) => {
      outsideOfGot(() => {
        handlers.answered(Object.assign(response, { statusText: this.#statusText }));
      });
    });
  }

  #sent(sending: ClientRequest, { got: given = {} }: Transport): void {
    this.#sending = sending;
    shareSession(sending);
    sending.once('socket', (socket) => {
      // Node lets nobody touch the socket of a session of HTTP/2.
      if (!hasStream(sending)) {
        socket.setKeepAlive(true, keepAliveDelay);
      }
    });
    sending.prependOnceListener('response', (response: IncomingMessage) => {
      this.#statusText = response.statusMessage ?? '';
      if (given.decompress !== false) {
        refuseNestedCodings(response, this.#handlers.failed);
      }
    });
  }

  /**
   * Detaches got from the response, so that it can be garbage collected: two thirds of the memory
   * of an idle stream are got's. To be called when only the body is still to come. Does nothing if
   * got decompresses the body or reads it over HTTP/2, or if Node is not as this code expects:
   * test/assumptions.test.ts checks that it is.
   */
  detachFromGot(response: Response): void {
    const sending = this.#sending;
    // Node's own listener, which returns the socket to its agent or closes it.
    const nodeListener = response.listeners('end').find(({ name }) => name === 'responseOnEnd');
    if (
      sending === undefined ||
      nodeListener === undefined ||
      Object.getPrototypeOf(response) !== IncomingMessage.prototype
    ) {
      return;
    }
    this.#stream = undefined;
    for (const event of sending.eventNames().filter((name) => name !== 'finish')) {
      sending.removeAllListeners(event);
    }
    response.removeAllListeners().on('end', nodeListener as () => void);
    (response as { request?: Request | undefined }).request = undefined;
    const failed = (error: Error): void => {
      this.#handlers.failed(error, undefined);
    };
    sending.on('error', failed);
    response.on('error', failed);
  }

  /** Closes the socket, or cancels the stream over HTTP/2. */
  destroy(): void {
    (this.#stream ?? this.#sending)?.destroy();
  }

  /**
   * To be called before `destroy` if the server was silent, or is the wrong one: no other stream
   * uses its connection.
   */
  markDead(): void {
    markSessionDead(this.#sending);
  }
}

/**
 * got, and Node for a method unknown to it, would send a length of 0. A request that a function of
 * the user's has made, a `fetch` for example, has no headers to change.
 */
function dropLength(sending: Partial<Pick<ClientRequest, 'removeHeader'>>): void {
  sending.removeHeader?.('content-length');
  sending.removeHeader?.('transfer-encoding');
}

/** Whether no length is sent: only of these methods is content expected (RFC 9110 8.6). */
function isWithoutContent({ method, body }: Hop): boolean {
  return body === undefined && !['POST', 'PUT', 'PATCH'].includes(method);
}

/**
 * Refuses a response with several content codings before got sees it, since got would undo them
 * all. Two of them are a bomb in a bomb, a million bytes for each byte on the wire; some thousands
 * overflow the stack, which ends the program.
 */
function refuseNestedCodings(
  { headers }: IncomingMessage,
  failed: ExchangeHandlers['failed'],
): void {
  const named = headers['content-encoding'] ?? '';
  const codings = named.split(',').filter((name) => !/^\s*(?:identity)?\s*$/i.test(name));
  if (codings.length > 1) {
    headers['content-encoding'] = undefined;
    const error = new Error(`Expected one content coding, got ${codings.length}`);
    failed(Object.assign(error, { code: 'ERR_CONTENT_ENCODING' }), undefined);
  }
}

/** Rethrows an error of `callback` where got does not take it for an error of the request. */
function outsideOfGot(callback: () => void): void {
  try {
    callback();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
