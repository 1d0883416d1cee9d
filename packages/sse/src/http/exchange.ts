import { type ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { PassThrough } from 'node:stream';

import got, { type Request, type RequestError } from 'got';

import { gotOptions } from './got-options.ts';
import { forgetProtocol, hasStream, markSessionDead, resetCode, shareSession } from './http2.ts';
import type { Hop } from './redirect.ts';
import type { TransportOptions } from './request.ts';
import {
  type Exchange,
  type ExchangeHandlers,
  type ExchangeResponse,
  providedTransport,
} from './transport.ts';

/**
 * How long a socket is silent before TCP asks whether the other side is still there, in ms. That
 * keeps the entries of NATs and load balancers, which forget a silent connection after minutes.
 */
const keepAliveDelay = 30_000;

/** Opens an exchange: with got, unless a transport is provided. */
export function openExchange(
  hop: Hop,
  options: TransportOptions,
  handlers: ExchangeHandlers,
): Exchange {
  const transport = providedTransport();
  return transport === undefined
    ? new GotExchange(hop, options, handlers)
    : transport(hop, options, handlers);
}

/** The response of Node, or of got where it decompresses, as it is read here. */
type GotResponse = IncomingMessage & ExchangeResponse;

/** One request, sent with got over HTTP/1.1 or HTTP/2, and its response. */
export class GotExchange implements Exchange {
  /** Until `accepted` detaches got. */
  #stream: Request | undefined;
  #response: GotResponse | undefined = undefined;
  readonly #handlers: ExchangeHandlers;
  /** The request that got sends, once it knows the protocol. */
  #sending: ClientRequest | undefined = undefined;
  #statusText = '';

  constructor(hop: Hop, options: TransportOptions, handlers: ExchangeHandlers) {
    this.#handlers = handlers;
    const stream = got.stream(hop.url, gotOptions(hop, options));
    this.#stream = stream;
    stream.once('request', (sending) => {
      this.#sent(sending, options);
      if (isWithoutContent(hop)) {
        dropLength(sending);
      }
    });
    // Stays to the end: an 'error' event without a listener would end the program.
    stream.on('error', (error: RequestError) => {
      if (options.got?.http2 === true && !hasStream(this.#sending)) {
        forgetProtocol(hop.url.origin);
      }
      handlers.failed(error, resetCode(this.#sending));
    });
    // An upgrade was not asked for, and Node leaves its socket to the listener.
    stream.once('upgrade', (response: IncomingMessage, socket: Socket) => {
      socket.destroy();
      handlers.upgraded(response);
    });
    stream.once('response', (response: IncomingMessage & { readonly url: string }) => {
      const statusText = this.#statusText;
      this.#response = Object.assign(response, { statusText, readBody });
      tellDecoderErrors(response, handlers.failed);
      outsideOfGot(() => {
        handlers.answered(response as GotResponse);
      });
    });
  }

  #sent(sending: ClientRequest, { got: given = {} }: TransportOptions): void {
    this.#sending = sending;
    shareSession(sending);
    sending.once('socket', (socket) => {
      // Node lets no code touch the socket of a session of HTTP/2.
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
   * of an idle stream are got's. Does nothing if got decompresses the body or reads it over HTTP/2,
   * or if Node is not as this code expects: test/assumptions.test.ts checks that it is.
   */
  accepted(): void {
    const sending = this.#sending;
    const response = this.#response;
    // Node's own listener, which returns the socket to its agent or closes it.
    const nodeListener = response?.listeners('end').find(({ name }) => name === 'responseOnEnd');
    if (
      sending === undefined ||
      response === undefined ||
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
      this.#handlers.failed(error);
    };
    sending.on('error', failed);
    response.on('error', failed);
  }

  /** Closes the socket, or cancels the stream over HTTP/2. */
  destroy(): void {
    (this.#stream ?? this.#sending)?.destroy();
  }

  markDead(): void {
    markSessionDead(this.#sending);
  }
}

/**
 * Reads the response itself, not got's stream of it, which would cost half as much again. got's
 * listener for 'readable' would keep the response from flowing. One function for all responses.
 */
function readBody(
  this: IncomingMessage,
  packet: (bytes: Uint8Array) => void,
  ended: () => void,
): void {
  this.removeAllListeners('readable');
  this.once('end', ended).on('data', packet).resume();
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

/**
 * An error of the decompressor destroys the response below it first, unless all of that has come,
 * and got would tell of this reset only. got's stream of decompressed bytes is a `PassThrough`:
 * test/assumptions.test.ts checks that.
 */
function tellDecoderErrors(response: IncomingMessage, failed: ExchangeHandlers['failed']): void {
  if (response instanceof PassThrough) {
    response.prependOnceListener('error', failed);
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
