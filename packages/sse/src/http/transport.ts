import type { IncomingHttpHeaders } from 'node:http';

import { describe } from '@reprise/actor/text';

import type { Hop } from './redirect.ts';
import type { TransportOptions } from './request.ts';

/** A request as it is sent: redirects are requests of their own. */
export type OutgoingRequest = Pick<Hop, 'url' | 'method' | 'headers' | 'body'>;

/**
 * Sends one request. It returns before it calls a handler. Redirects, limits of time and requests,
 * and the reading of the body are not its business.
 */
export type Transport = (
  request: OutgoingRequest,
  options: TransportOptions,
  handlers: ExchangeHandlers,
) => Exchange;

/** One request, and its response. */
export interface Exchange {
  /** The response is accepted: only its body is still to come. */
  accepted(): void;
  /**
   * The server was silent, or is the wrong one: no other request uses this connection. Called
   * before `destroy`.
   */
  markDead(): void;
  /** Closes the connection at once, whatever has come. Idempotent. */
  destroy(): void;
}

export interface ExchangeHandlers {
  /** The head of the response. It may come after `destroy`. */
  readonly answered: (response: ExchangeResponse) => void;
  /** A response with status 101; its connection is closed already. */
  readonly upgraded: (response: Pick<ExchangeResponse, 'headers'>) => void;
  /**
   * An error, before or after the head; its `code` tells which. `reset` is the reason why the
   * stream was reset, over HTTP/2.
   */
  readonly failed: (error: NodeJS.ErrnoException, reset?: string) => void;
}

/** The head of a response, and a way to its body. */
export interface ExchangeResponse {
  readonly statusCode?: number | undefined;
  /** The reason phrase as it was sent. */
  readonly statusText: string;
  /** As Node gives them, with names in lower case. */
  readonly headers: IncomingHttpHeaders;
  /** Names and values by turns, as they were sent. */
  readonly rawHeaders: readonly string[];
  readonly url: string;
  /**
   * Begins to read the body, decompressed. Neither function is called within this call; `ended`
   * follows the last packet, and a body that breaks off has no end but an error of the exchange.
   */
  readBody(packet: (bytes: Uint8Array) => void, ended: () => void): void;
  /** No packet comes until `resume`, and the end neither; the server's writes block in the end. */
  pause(): void;
  resume(): void;
  /** No packet and no end comes any more. Idempotent. */
  destroy(): void;
}

/**
 * Replaces the network under all clients of this program, for simulations: redirects, limits,
 * back-pressure, the parser, cursors and the policy above it stay the real ones. `transport` is
 * asked at each request; where it gives `undefined`, the request goes to the network. Of several
 * functions the newest that is left is asked. Returns a function that takes this one back.
 * @throws TypeError for anything but a function
 * @example
 * ```ts
 * import { events } from '@reprise/sse';
 * import { provideTransport } from '@reprise/sse/testing';
 *
 * const takeBack = provideTransport(() => ({ url }, _options, { answered }) => {
 *   queueMicrotask(() =>
 *     answered({
 *       statusCode: 200,
 *       statusText: 'OK',
 *       headers: { 'content-type': 'text/event-stream' },
 *       rawHeaders: ['content-type', 'text/event-stream'],
 *       url: url.href,
 *       readBody: (packet) => queueMicrotask(() => packet(Buffer.from('data: hello\n\n'))),
 *       pause: () => undefined,
 *       resume: () => undefined,
 *       destroy: () => undefined,
 *     }),
 *   );
 *   return { accepted: () => undefined, markDead: () => undefined, destroy: () => undefined };
 * });
 * for await (const { data } of events('http://prices/')) {
 *   console.log(data); // hello
 *   break;
 * }
 * takeBack();
 * ```
 */
export function provideTransport(transport: () => Transport | undefined): () => void {
  if (typeof transport !== 'function') {
    throw new TypeError(`Expected transport to be a function, got ${describe(transport)}`);
  }
  // An object of its own: the same function may be given twice.
  const provider: Provider = { transport };
  providers.add(provider);
  return () => {
    providers.delete(provider);
  };
}

interface Provider {
  readonly transport: () => Transport | undefined;
}

/** In the order in which they were given. */
const providers = new Set<Provider>();

/** The transport of the next request; `undefined` for the network. */
export function providedTransport(): Transport | undefined {
  return providers.size === 0 ? undefined : [...providers].at(-1)?.transport();
}
