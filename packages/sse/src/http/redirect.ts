import type { RedirectFailure } from './failure.ts';
import { requestHeaders, type RequestHeaders, type SseRequest } from './request.ts';

/** One request of the one or several that an attempt is made of. */
export interface Hop {
  readonly url: URL;
  readonly method: string;
  readonly headers: RequestHeaders;
  readonly body: string | Uint8Array | undefined;
  /**
   * Whether every hop so far was at the origin that the request was meant for: elsewhere no secret
   * is shown.
   */
  readonly isAtHome: boolean;
  /** What was asked before this, in order. */
  readonly trail: readonly string[];
}

/** The statuses that send a client elsewhere, if they say where (RFC 9110 15.4). */
export function isRedirect(status: number, location: string | undefined): location is string {
  return [301, 302, 303, 307, 308].includes(status) && location !== undefined && location !== '';
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

/**
 * Where a redirect leads. Its rules for method and body are those of browsers (WHATWG Fetch 4.5):
 * 303 makes any method GET, 301 and 302 make POST GET, everything else is repeated with its body.
 * Another origin gets no header that was not meant for it, and no password.
 */
export function nextHop(
  hop: Hop,
  { status, location }: { readonly status: number; readonly location: string },
  { redirectHeaders = [], got = {} }: SseRequest,
): Hop | RedirectFailure {
  const url = resolve(location, hop.url);
  const trail = [...hop.trail, nameOf(hop)];
  const reason = refusal(hop.url, url);
  if (url === undefined || reason !== undefined) {
    return failure(hop, status, location, reason ?? 'unsupported');
  }
  const isSameOrigin = url.origin === hop.url.origin;
  const turned = turn({ ...hop, url, trail, isAtHome: hop.isAtHome && isSameOrigin }, status);
  const next = isSameOrigin ? turned : withoutSecrets(turned, redirectHeaders);
  // With cookies, the same URL asked again can answer otherwise.
  if (got.cookieJar === undefined && trail.includes(nameOf(next))) {
    return failure(hop, status, location, 'loop');
  }
  return trail.length > maxRedirects ? failure(hop, status, location, 'tooMany') : next;
}

/**
 * How long the `count`-th redirect of an attempt waits, in ms: the first three are followed at
 * once, the fourth after 1 s, and each further one 1 s longer than the one before. All ten take 28
 * s, which is within the default `responseTimeout`.
 */
export function defaultRedirectDelay(count: number): number {
  return Math.max(0, count - 3) * 1000;
}

/** The URL as it may be logged: without credentials. */
export function shownUrl(url: URL): string {
  const shown = new URL(url);
  shown.username = '';
  shown.password = '';
  return shown.href;
}

const maxRedirects = 10;

const bodyHeaders = ['content-encoding', 'content-language', 'content-type'];
const innocentHeaders = ['accept', 'cache-control', 'last-event-id', ...bodyHeaders];

/** A `Location` may hold raw UTF-8, which Node hands over as latin1. */
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

/** How got writes a Unix socket: no server leads from the network to one. */
function isSocket({ protocol, hostname }: URL): boolean {
  return protocol === 'unix:' || hostname === 'unix';
}

function turn(hop: Hop, status: number): Hop {
  const becomesGet =
    status === 303
      ? hop.method !== 'HEAD'
      : hop.method === 'POST' && (status === 301 || status === 302);
  return becomesGet
    ? {
        ...hop,
        method: 'GET',
        headers: pick(hop.headers, (name) => !bodyHeaders.includes(name)),
        body: undefined,
      }
    : hop;
}

function withoutSecrets(hop: Hop, redirectHeaders: readonly string[]): Hop {
  const allowed = [...innocentHeaders, ...redirectHeaders.map((name) => name.toLowerCase())];
  return { ...hop, headers: pick(hop.headers, (name) => allowed.includes(name)) };
}

function pick(headers: RequestHeaders, wanted: (name: string) => boolean): RequestHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => wanted(name)));
}

function nameOf({ method, url }: Hop): string {
  return `${method} ${url.origin}${url.pathname}${url.search}`;
}

function failure(
  { url }: Hop,
  status: number,
  location: string,
  reason: RedirectFailure['reason'],
): RedirectFailure {
  return { type: 'redirect', reason, status, location, url: shownUrl(url) };
}
