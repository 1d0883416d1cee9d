import { validateHeaderName, validateHeaderValue } from 'node:http';
import { inspect } from 'node:util';

import type { OptionsInit } from 'got';

/** What to connect to, and how: plain data, the same for each attempt that uses it. */
export interface SseRequest {
  /** Absolute, http: or https:. */
  readonly url: string | URL;
  /** Default: GET. */
  readonly method?: string;
  /**
   * They win over those that are sent by themselves: `accept: text/event-stream`, `cache-control:
   * no-cache`, `last-event-id`. One that is `undefined` is left out.
   */
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
  /**
   * Sent again at each attempt and on redirects that keep the method, so it cannot be a stream.
   * Default: none.
   */
  readonly body?: string | Uint8Array;
  /**
   * Where the server is to go on: sent as Last-Event-ID, in UTF-8 (WHATWG HTML 9.2.4). Default:
   * `""`, which is not sent. Nor is one with a control character other than a tab, which no header
   * can carry (RFC 9110 5.5): a server that gives such an id must not be able to stop its clients
   * for good.
   */
  readonly lastEventId?: string;
  /**
   * The names of the headers that a redirect to another origin takes along, besides `accept`,
   * `cache-control`, `last-event-id` and what describes the body. Default: none.
   */
  readonly redirectHeaders?: readonly string[];
  /**
   * How long to wait before the `count`-th redirect of an attempt (from 1 on) is followed, in ms:
   * each is a request like any other, and a server can send a client on and on. Default: not at all
   * for the first three, then 1 s, 2 s, 3 s, ….
   */
  readonly redirectDelay?: (count: number) => number;
  /** Own authorities instead of the system's, and a client certificate with its key: PEM. */
  readonly tls?: {
    readonly ca?: string | readonly string[];
    readonly cert?: string;
    readonly key?: string;
  };
  /** For each of name lookup, TCP and TLS, in ms. Default: 10 s. */
  readonly connectTimeout?: number;
  /** From the start to the end of the response's head, redirects included, in ms. Default: 30 s. */
  readonly responseTimeout?: number;
  /**
   * The longest silence on an open stream, in ms; every byte ends it, comments too. Default:
   * `Infinity`, no limit.
   */
  readonly idleTimeout?: number;
  /** The largest event, in bytes: see `PacketOptions`. */
  readonly maxEventSize?: number;
  /** Handed through to got: agents, proxies, HTTP/2, name lookup, cookies. */
  readonly got?: GotOptions;
}

/** Those of got's options that do not stand against what is promised here. */
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

export type RequestHeaders = Readonly<Record<string, string | readonly string[]>>;

/** The headers as they are sent, names in lower case. */
export function requestHeaders({ headers = {}, lastEventId = '' }: SseRequest): RequestHeaders {
  const sent: Record<string, string | readonly string[]> = {
    accept: 'text/event-stream',
    'cache-control': 'no-cache',
    ...(isSendable(lastEventId) ? { 'last-event-id': asHeaderValue(lastEventId) } : {}),
  };
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) {
      sent[name.toLowerCase()] = value;
    }
  }
  return sent;
}

/**
 * What is wrong with a request, as "Expected …, got …", or `undefined`. A request that passes can
 * be sent.
 */
export function requestProblem(request: SseRequest): string | undefined {
  if (typeof request !== 'object' || request === null) {
    return `Expected a request { url, … }, got ${inspect(request)}`;
  }
  return (
    urlProblem(request) ?? bodyProblem(request) ?? timeProblem(request) ?? headerProblem(request)
  );
}

function isSendable(id: string): boolean {
  // oxlint-disable-next-line no-control-regex -- they are what it is about
  return id !== '' && !/[\0-\x08\n-\x1F\x7F]/.test(id);
}

/** Node writes header values in latin1: the bytes of the UTF-8, one character each. */
function asHeaderValue(id: string): string {
  return Buffer.from(id, 'utf8').toString('latin1');
}

function urlProblem({ url, got = {} }: SseRequest): string | undefined {
  const protocol = URL.parse(String(url))?.protocol;
  const known =
    protocol === 'http:' ||
    protocol === 'https:' ||
    (protocol === 'unix:' && got.enableUnixSockets === true);
  return known ? undefined : `Expected an absolute http: or https: URL, got ${shown(url)}`;
}

/** Without credentials, wherever they end in what may be no URL: it is for logs. */
function shown(url: unknown): string {
  const isText = typeof url === 'string' || url instanceof URL;
  return inspect(isText ? String(url).replace(/\/\/.*@/s, '//') : url);
}

function bodyProblem({ body, method = 'GET' }: SseRequest): string | undefined {
  if (body === undefined) {
    return undefined;
  }
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) {
    return `Expected a body that can be sent again, a string or a Uint8Array, got ${inspect(body, { depth: 0 })}`;
  }
  return /^(?:GET|HEAD)$/i.test(method)
    ? `Expected a method that takes a body, got ${method}`
    : undefined;
}

function timeProblem(request: SseRequest): string | undefined {
  const wrong = (
    ['connectTimeout', 'responseTimeout', 'idleTimeout', 'maxEventSize'] as const
  ).find((name) => !((request[name] ?? 1) > 0));
  return wrong && `Expected ${wrong} to be above 0, got ${inspect(request[wrong])}`;
}

function headerProblem(request: SseRequest): string | undefined {
  for (const [name, value] of Object.entries(requestHeaders(request))) {
    try {
      validateHeaderName(name);
      for (const one of [value].flat()) {
        validateHeaderValue(name, one);
      }
    } catch {
      return `Expected a header that HTTP can carry, got ${inspect(name)}`;
    }
  }
  return undefined;
}
