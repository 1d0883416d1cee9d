import { validateHeaderName, validateHeaderValue } from 'node:http';

import { assertKnownKeys, assertNoMisspelling, type KeysOf } from '@reprise/actor/options';
import { describe } from '@reprise/actor/text';
import type { OptionsInit } from 'got';

import { asHeaderValue, isSendable } from './last-event-id.ts';
import { parsedUrl } from './parsed-url.ts';

/**
 * A request for an event stream: plain data, so that each attempt can send it again. Times are in
 * milliseconds.
 */
export interface SseRequest {
  /** An absolute URL, http: or https:. */
  readonly url: string | URL;
  /** Default: GET. */
  readonly method?: string;
  /**
   * Headers, besides `accept: text/event-stream`, `cache-control: no-cache` and `last-event-id`,
   * which they can replace: an object, or, as for `fetch`, `Headers`, a `Map` or pairs. A header
   * that is `undefined` is left out.
   */
  readonly headers?: HeadersLike;
  /**
   * The body. It is sent again at each attempt, and on redirects that keep the method, so it cannot
   * be a stream. Default: none.
   */
  readonly body?: string | Uint8Array;
  /**
   * The id after which the server should go on: sent as Last-Event-ID, in UTF-8 (WHATWG HTML
   * 9.2.4). Default: `""`, which is not sent. An id with a control character other than a tab is
   * not sent either, since no header can hold it (RFC 9110 5.5), nor one above 16 KiB: a server
   * must not be able to stop its clients for good by such an id.
   */
  readonly lastEventId?: string;
  /**
   * Names of headers that are sent to another origin too, after a redirect, besides `accept`,
   * `cache-control`, `last-event-id` and those that describe the body. Default: none.
   */
  readonly redirectHeaders?: readonly string[];
  /**
   * How long to wait before the `count`-th redirect of an attempt (from 1 on) is followed, in ms: a
   * server could redirect its clients in a circle, and each redirect is a request. Default: not at
   * all for the first three, then 1 s, 2 s, 3 s, ….
   */
  readonly redirectDelay?: (count: number) => number;
  /** PEM: authorities in place of those of the system; a client certificate and its key. */
  readonly tls?: {
    readonly ca?: string | readonly string[];
    readonly cert?: string;
    readonly key?: string;
  };
  /** Limit for each of name lookup, TCP and TLS, in ms. Default: 10 s. */
  readonly connectTimeout?: number;
  /**
   * Limit up to the end of the response's head, redirects included, in ms. Some servers send the
   * head only with the first event, and models that load or think take minutes for it. Default: 5
   * min.
   */
  readonly responseTimeout?: number;
  /**
   * The longest silence on an open stream, in ms; any byte ends a silence, also that of a comment.
   * Time in which the client does not read is no silence; time in which the machine slept is.
   * `Infinity`: no limit. Default: 5 min.
   */
  readonly idleTimeout?: number;
  /**
   * Which Content-Types of a 200 are an event stream: gets the header as the server sent it, `""`
   * for none. Default: `text/event-stream`, in any case and with any parameters (WHATWG HTML
   * 9.2.3).
   */
  readonly contentType?: (type: string) => boolean;
  /**
   * How much of a body is kept that is not an event stream, such as the JSON of an error, in bytes.
   * Default: 64 KiB.
   */
  readonly maxBodySize?: number;
  /** How long such a body is waited for after its head, in ms. Default: 5 s. */
  readonly bodyTimeout?: number;
  /** The largest event, in bytes of UTF-8 of its data, type and id. Default: 8 MiB. */
  readonly maxEventSize?: number;
  /**
   * Whether an event that lacks only its blank line is dispatched when the server ends the stream
   * in good order. The standard drops it (WHATWG HTML 9.2.6), since it may be incomplete: only for
   * servers that leave that line out. Default: false.
   */
  readonly dispatchIncomplete?: boolean;
  /** Options for got: agents, proxies, HTTP/2, name lookup, cookies. */
  readonly got?: GotOptions;
}

/** The part of a request that is about connections, redirects and limits of time. */
export type TransportOptions = Pick<
  SseRequest,
  | 'bodyTimeout'
  | 'connectTimeout'
  | 'got'
  | 'idleTimeout'
  | 'maxBodySize'
  | 'redirectDelay'
  | 'redirectHeaders'
  | 'responseTimeout'
  | 'tls'
>;

/** In ms. */
export const defaultIdleTimeout = 300_000;

export const requestKeys: KeysOf<SseRequest> = {
  url: true,
  method: true,
  headers: true,
  body: true,
  lastEventId: true,
  redirectHeaders: true,
  redirectDelay: true,
  tls: true,
  connectTimeout: true,
  responseTimeout: true,
  idleTimeout: true,
  maxBodySize: true,
  bodyTimeout: true,
  maxEventSize: true,
  contentType: true,
  dispatchIncomplete: true,
  got: true,
};

const tlsKeys: KeysOf<NonNullable<SseRequest['tls']>> = { ca: true, cert: true, key: true };

type HeaderValue = string | readonly string[] | undefined;

/** Headers by their names, in each form that `fetch` takes. */
export type HeadersLike =
  | Readonly<Record<string, HeaderValue>>
  | Iterable<readonly [string, HeaderValue]>;

/** The options of got that break no promise of this package. */
export type GotOptions = Pick<
  OptionsInit,
  | 'agent'
  | 'cookieJar'
  | 'decompress'
  | 'dnsCache'
  | 'dnsLookup'
  | 'dnsLookupIpVersion'
  | 'enableUnixSockets'
  | 'h2session'
  | 'http2'
  | 'https'
  | 'localAddress'
  | 'maxHeaderSize'
>;

const gotKeys: KeysOf<GotOptions> = {
  agent: true,
  cookieJar: true,
  decompress: true,
  dnsCache: true,
  dnsLookup: true,
  dnsLookupIpVersion: true,
  enableUnixSockets: true,
  h2session: true,
  http2: true,
  https: true,
  localAddress: true,
  maxHeaderSize: true,
};

/** @throws TypeError for a request that is none, or has a misspelt option. */
export function assertRequestKeys(name: string, request: SseRequest): void {
  if (typeof request !== 'object' || request === null || 'then' in request) {
    throw new TypeError(
      `Expected a request { url, … }, or a function of one, got ${withoutCredentials(request)}`,
    );
  }
  assertNoMisspelling(name, request, requestKeys);
  assertPartKeys(request);
}

/** @throws TypeError for a misspelt option in `tls` or `got`. */
export function assertPartKeys({ tls = {}, got = {} }: Pick<SseRequest, 'tls' | 'got'>): void {
  assertKnownKeys('tls', tls, tlsKeys);
  // `EventSource` sets `request`, to send with a `fetch` of its user.
  assertKnownKeys('got', got, { ...gotKeys, request: true });
}

export type RequestHeaders = Readonly<Record<string, string | readonly string[]>>;

/** The headers as they are sent, names in lower case. */
export function requestHeaders({ headers = {}, lastEventId = '' }: SseRequest): RequestHeaders {
  const sent: Record<string, string | readonly string[]> = {
    accept: 'text/event-stream',
    'cache-control': 'no-cache',
    ...(isSendable(lastEventId) ? { 'last-event-id': asHeaderValue(lastEventId) } : {}),
  };
  for (const [name, value] of headerEntries(headers)) {
    if (value !== undefined) {
      sent[name.toLowerCase()] = value;
    }
  }
  return sent;
}

/** The reason why a request cannot be sent, as "Expected …, got …"; `undefined` if it can be. */
export function requestProblem(request: SseRequest): string | undefined {
  if (typeof request !== 'object' || request === null) {
    return `Expected a request { url, … }, got ${withoutCredentials(request)}`;
  }
  return (
    keyProblem(request) ??
    urlProblem(request) ??
    methodProblem(request) ??
    bodyProblem(request) ??
    timeProblem(request) ??
    headersProblem(request) ??
    headerProblem(request) ??
    typeProblem(request)
  );
}

/** Of pairs with one name the values are sent one after another. */
export function headerEntries(headers: HeadersLike): Iterable<readonly [string, HeaderValue]> {
  if (!(Symbol.iterator in headers)) {
    return Object.entries(headers);
  }
  const all = new Map<string, HeaderValue>();
  for (const [name, value] of headers as Iterable<readonly [string, HeaderValue]>) {
    const before = all.get(name);
    all.set(name, before === undefined ? value : [before, value ?? []].flat());
  }
  return all;
}

/** Values are not shown: they are secrets, often. */
function headersProblem({ headers = {}, lastEventId = '' }: SseRequest): string | undefined {
  if (typeof lastEventId !== 'string') {
    return `Expected lastEventId to be a string, got ${describe(lastEventId)}`;
  }
  if (typeof headers !== 'object' || headers === null || 'then' in headers) {
    return `Expected headers to be an object, Headers, a Map or pairs, got ${kindOf(headers)}`;
  }
  for (const entry of headerEntriesOrNone(headers)) {
    if (!Array.isArray(entry) || entry.length !== 2 || typeof entry[0] !== 'string') {
      return 'Expected headers to be pairs of a name and a value, got another iterable';
    }
  }
  const wrong = [...headerEntries(headers)].find(([, value]) => !isHeaderValue(value));
  return (
    wrong &&
    `Expected header ${describe(wrong[0])} to be a string or strings, got ${kindOf(wrong[1])}`
  );
}

function headerEntriesOrNone(headers: HeadersLike): Iterable<unknown> {
  return Symbol.iterator in headers ? headers : [];
}

function isHeaderValue(value: unknown): boolean {
  return (
    value === undefined ||
    typeof value === 'string' ||
    (Array.isArray(value) && value.every((one) => typeof one === 'string'))
  );
}

function kindOf(value: unknown): string {
  if (value === null) {
    return 'null';
  }
  return typeof (value as { readonly then?: unknown }).then === 'function'
    ? describe(value)
    : `a value of the type ${typeof value}`;
}

function keyProblem(request: SseRequest): string | undefined {
  try {
    assertRequestKeys('a request', request);
    return undefined;
  } catch (error) {
    return (error as TypeError).message;
  }
}

function urlProblem({ url, got = {} }: SseRequest): string | undefined {
  const protocol = parsedUrl(url)?.protocol;
  const known =
    protocol === 'http:' ||
    protocol === 'https:' ||
    (protocol === 'unix:' && got.enableUnixSockets === true);
  return known
    ? undefined
    : `Expected an absolute http: or https: URL, got ${withoutCredentials(url)}`;
}

/** For logs: without credentials, also if the text is not a URL. */
function withoutCredentials(url: unknown): string {
  const isText = typeof url === 'string' || url instanceof URL;
  return describe(isText ? String(url).replace(/\/\/.*@/s, '//') : url);
}

/** A token, as RFC 9110 9.1 and 5.6.2 say. */
function methodProblem({ method = 'GET' }: SseRequest): string | undefined {
  const isToken = typeof method === 'string' && /^[!#$%&'*+.^_`|~\w-]+$/.test(method);
  return isToken ? undefined : `Expected method to be one of HTTP, got ${describe(method)}`;
}

function bodyProblem({ body, method = 'GET' }: SseRequest): string | undefined {
  if (body === undefined) {
    return undefined;
  }
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) {
    return `Expected a body that can be sent again, a string or a Uint8Array, got ${describe(body)}`;
  }
  return /^(?:GET|HEAD)$/i.test(method)
    ? `Expected a method that takes a body, got ${method}`
    : undefined;
}

/** A number, and not a text with one, which compares as one. */
function isPositive(value: unknown): boolean {
  return typeof value === 'number' && value > 0;
}

function timeProblem(request: SseRequest): string | undefined {
  const wrong = (
    [
      'connectTimeout',
      'responseTimeout',
      'idleTimeout',
      'maxEventSize',
      'maxBodySize',
      'bodyTimeout',
    ] as const
  ).find((name) => !isPositive(request[name] ?? 1));
  return wrong && `Expected ${wrong} to be above 0, got ${describe(request[wrong])}`;
}

function typeProblem({ contentType }: SseRequest): string | undefined {
  return contentType === undefined || typeof contentType === 'function'
    ? undefined
    : `Expected contentType to be a function (type) => …, got ${describe(contentType)}`;
}

function headerProblem(request: SseRequest): string | undefined {
  for (const [name, value] of Object.entries(requestHeaders(request))) {
    try {
      validateHeaderName(name);
      for (const one of [value].flat()) {
        validateHeaderValue(name, one);
      }
    } catch {
      return `Expected a header that HTTP can carry, got ${describe(name)}`;
    }
  }
  return undefined;
}
