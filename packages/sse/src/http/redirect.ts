import { redact } from '@reprise/actor/text';

import type { RedirectFailure } from './failure.ts';
import {
  requestHeaders,
  type RequestHeaders,
  type SseRequest,
  type TransportOptions,
} from './request.ts';

/** A body that is read anew at each hop, or, as an iterable, once. */
export type HopBody = string | Uint8Array | Blob | AsyncIterable<Uint8Array>;

/** One request of an attempt, which is several requests if the server redirects. */
export interface Hop {
  readonly url: URL;
  readonly method: string;
  readonly headers: RequestHeaders;
  readonly body: HopBody | undefined;
  /**
   * Whether all hops so far were at the origin that the request is meant for. Any other origin gets
   * no client certificate.
   */
  readonly isAtHome: boolean;
  /** The earlier hops of the attempt, as method and URL, in order. */
  readonly trail: readonly string[];
}

/** Whether a status is a redirect, which it is only with a `Location` (RFC 9110 15.4). */
export function isRedirect(status: number, location: string | undefined): location is string {
  return isRedirectStatus(status) && location !== undefined && location !== '';
}

export function isRedirectStatus(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status);
}

export function firstHop(request: SseRequest): Hop {
  const { url, method = 'GET', body } = request;
  return {
    url: new URL(url),
    method: method.toUpperCase(),
    headers: requestHeaders(request),
    body,
    isAtHome: true,
    trail: [],
  };
}

/** The head of a response that is a redirect. */
export interface RedirectAnswer {
  readonly status: number;
  readonly location: string;
}

/**
 * The request that a redirect asks for, or why it is not sent. Method and body follow the rules of
 * browsers (WHATWG Fetch 4.5): 303 turns any method into GET, 301 and 302 turn POST into GET, and
 * all else is repeated with its body. Another origin gets only headers that hold no secret, or that
 * `redirectHeaders` names, and no password.
 */
export function nextHop(
  hop: Hop,
  answer: RedirectAnswer,
  { redirectHeaders = [], got = {} }: Pick<TransportOptions, 'redirectHeaders' | 'got'>,
): Hop | RedirectFailure {
  const { status, location } = answer;
  const url = resolve(location, hop.url);
  const trail = [...hop.trail, nameOf(hop)];
  const reason = refusal(hop.url, url);
  if (url === undefined || reason !== undefined) {
    return redirectFailure(hop, answer, reason ?? 'unsupported');
  }
  const isSameOrigin = url.origin === hop.url.origin;
  const converted = withMethodFor(
    { ...hop, url, trail, isAtHome: hop.isAtHome && isSameOrigin },
    status,
  );
  const next = isSameOrigin ? converted : withoutSecrets(converted, redirectHeaders);
  // With cookies, the same URL can answer differently the second time.
  if (got.cookieJar === undefined && trail.includes(nameOf(next))) {
    return redirectFailure(hop, answer, 'loop');
  }
  return trail.length > maxRedirects ? redirectFailure(hop, answer, 'tooMany') : next;
}

/** Why a redirect is not followed. */
export function redirectFailure<Reason extends string>(
  { url }: Hop,
  { status, location }: RedirectAnswer,
  reason: Reason,
): Omit<RedirectFailure, 'reason'> & { readonly reason: Reason } {
  return { type: 'redirect', reason, status, location: redact(location), url: shownUrl(url) };
}

/**
 * How long the `count`-th redirect of an attempt waits, in ms: the first three not at all, the
 * fourth 1 s, each further one 1 s longer than the one before. All ten wait 28 s together, less
 * than the default `responseTimeout`.
 */
export function defaultRedirectDelay(count: number): number {
  return Math.max(0, count - 3) * 1000;
}

/** The URL without its credentials, as it may be logged. */
export function shownUrl({ href }: URL): string {
  return redact(href);
}

const maxRedirects = 10;

const bodyHeaders = ['content-encoding', 'content-language', 'content-type'];
/** Those that a request without a body does not have (WHATWG Fetch 4.5). */
const entityHeaders = [...bodyHeaders, 'content-location'];
const safeHeaders = ['accept', 'cache-control', 'last-event-id', ...bodyHeaders];

/** A `Location` may contain raw UTF-8, which Node decodes as latin1. */
function resolve(location: string, base: URL): URL | undefined {
  const url = URL.parse(Buffer.from(location, 'latin1').toString('utf8'), base.href) ?? undefined;
  if (url !== undefined) {
    const isSameOrigin = url.origin === base.origin;
    url.username = isSameOrigin ? base.username : '';
    url.password = isSameOrigin ? base.password : '';
  }
  return url;
}

function refusal(from: URL, to: URL | undefined): 'unsupported' | 'insecure' | undefined {
  if ((to?.protocol !== 'http:' && to?.protocol !== 'https:') || isSocket(to)) {
    return 'unsupported';
  }
  return from.protocol === 'https:' && to.protocol === 'http:' ? 'insecure' : undefined;
}

/** Whether got would take the URL for a Unix socket, which a server must not send a client to. */
function isSocket({ protocol, hostname }: URL): boolean {
  return protocol === 'unix:' || hostname === 'unix';
}

function withMethodFor(hop: Hop, status: number): Hop {
  const becomesGet =
    status === 303
      ? hop.method !== 'HEAD' && hop.method !== 'GET'
      : hop.method === 'POST' && (status === 301 || status === 302);
  return becomesGet
    ? {
        ...hop,
        method: 'GET',
        headers: pick(hop.headers, (name) => !entityHeaders.includes(name)),
        body: undefined,
      }
    : hop;
}

function withoutSecrets(hop: Hop, redirectHeaders: readonly string[]): Hop {
  const allowed = [...safeHeaders, ...redirectHeaders.map((name) => name.toLowerCase())];
  return { ...hop, headers: pick(hop.headers, (name) => allowed.includes(name)) };
}

function pick(headers: RequestHeaders, wanted: (name: string) => boolean): RequestHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => wanted(name)));
}

function nameOf({ method, url }: Hop): string {
  return `${method} ${url.origin}${url.pathname}${url.search}`;
}
