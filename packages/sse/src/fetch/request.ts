import { redact } from '@reprise/actor/text';

import { type AttemptRules, type Judgement } from '../http/attempt.ts';
import { requestFailed } from '../http/failure.ts';
import { withHidden } from '../http/hidden.ts';
import {
  type Hop,
  type HopBody,
  isRedirectStatus,
  nextHop,
  redirectFailure,
} from '../http/redirect.ts';
import type { RequestHeaders, TransportOptions } from '../http/request.ts';
import type { ExchangeResponse } from '../http/transport.ts';
import { isTrue } from '../resilient/verdict.ts';
import type { FetchFailure } from './failure.ts';
import type { CheckedOptions } from './options.ts';
import { type FetchedHead, fetchedHeaders } from './response.ts';

/** A request of `fetch`, on the connection of this package. */
export interface FetchRequest extends TransportOptions {
  readonly request: Request;
  readonly content: HopBody | undefined;
  readonly accepts: CheckedOptions['contentType'];
}

type Judged = Judgement<FetchedHead, FetchFailure>;

/** The rules of the standard for `fetch`, with redirects by the rules of this package. */
export const fetchRules: AttemptRules<FetchRequest, FetchedHead, FetchFailure> = {
  problem: ({ request: { url } }) =>
    /^https?:/.test(url) ? undefined : `Expected an http: or https: URL, got ${redact(url)}`,
  firstHop: ({ request, content }) => ({
    url: new URL(request.url),
    method: request.method,
    headers: sentHeaders(request.headers),
    body: content,
    isAtHome: true,
    trail: [],
  }),
  judge,
};

function judge(request: FetchRequest, hop: Hop, response: ExchangeResponse): Judged {
  const { statusCode: status = 0, headers } = response;
  const { location } = headers;
  if (isRedirectStatus(status) && location !== undefined && request.request.redirect !== 'manual') {
    return judgeRedirect(request, hop, { status, location });
  }
  try {
    const isAccepted = !isSuccess(status) || accepts(request, headers['content-type']);
    return isAccepted ? { type: 'open', head: headOf(hop, response) } : refused(hop, response);
  } catch (error) {
    return { type: 'fail', failure: requestFailed(error, 'contentType') };
  }
}

function judgeRedirect(
  request: FetchRequest,
  hop: Hop,
  answer: { readonly status: number; readonly location: string },
): Judged {
  if (request.request.redirect === 'error') {
    return { type: 'fail', failure: redirectFailure(hop, answer, 'forbidden') };
  }
  const next = nextHop(hop, answer, request);
  if ('type' in next) {
    return { type: 'fail', failure: next };
  }
  return isOnce(next.body)
    ? { type: 'fail', failure: redirectFailure(hop, answer, 'streamedBody') }
    : { type: 'follow', next };
}

function isOnce(body: HopBody | undefined): boolean {
  return typeof body === 'object' && Symbol.asyncIterator in body;
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300 && status !== 204 && status !== 205;
}

function accepts({ request, accepts }: FetchRequest, type = ''): boolean {
  return isTrue('contentType', accepts(type, request));
}

function refused({ url: { href } }: Hop, { statusCode = 0, headers }: ExchangeResponse): Judged {
  const shown = { type: 'contentType', status: statusCode, url: redact(href) } as const;
  return {
    type: 'refuse',
    failure: (body) => withHidden(shown, { headers: { ...headers }, body }),
  };
}

function headOf({ url, trail }: Hop, response: ExchangeResponse): FetchedHead {
  const { statusCode = 0, statusText, rawHeaders } = response;
  return {
    status: statusCode,
    statusText,
    headers: fetchedHeaders(rawHeaders),
    url: url.href.replace(/#.*/s, ''),
    redirected: trail.length > 0,
  };
}

/** As in Node's own `fetch`, so that no server sees another program. */
const defaults: RequestHeaders = { accept: '*/*', 'accept-language': '*', 'user-agent': 'node' };

/** They belong to the connection, and a program may not set them (WHATWG Fetch 2.2.2). */
const forbidden: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

function sentHeaders(headers: Headers): RequestHeaders {
  return {
    ...defaults,
    // A part of a compressed body cannot be decompressed (WHATWG Fetch 4.6).
    ...(headers.has('range') ? { 'accept-encoding': 'identity' } : {}),
    ...Object.fromEntries([...headers].filter(([name]) => !forbidden.has(name))),
  };
}
