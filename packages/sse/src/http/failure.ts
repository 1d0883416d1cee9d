import type { IncomingHttpHeaders } from 'node:http';

import { redact } from '@reprise/actor/text';

import type { TooLarge } from '../format/too-large.ts';
import { withHidden } from './hidden.ts';

/**
 * The head of a response. The headers can be read, but are not shown when the object is printed:
 * they can hold secrets.
 */
export interface ResponseHead {
  readonly status: number;
  /** As Node gives them, with names in lower case. */
  readonly headers: IncomingHttpHeaders;
  /** The URL that answered, after redirects, without credentials: see docs/security.md. */
  readonly url: string;
}

/** The head of an event stream. */
export interface EventStreamResponse extends ResponseHead {
  readonly status: 200;
}

/** Why a connection could not be made. */
export type ConnectFailure =
  /** The status is neither 200 nor 204, or it is a redirect without a `Location`. */
  | ({ readonly type: 'status' } & Refusal)
  /** 204: the server tells the client to stop reconnecting (WHATWG HTML 9.2.3). */
  | ({ readonly type: 'noContent' } & ResponseHead)
  /** 200, but not an event stream, by the request's `contentType`. */
  | ({ readonly type: 'contentType' } & Refusal)
  /** A redirect that is not followed. */
  | RedirectFailure
  /**
   * No response, or one that is not HTTP: `ECONNREFUSED`, `ENOTFOUND`, `ECONNRESET`,
   * `HPE_INVALID_CONSTANT`, …
   */
  | NetworkFailure
  /** The TLS handshake failed, for another reason than the certificate. */
  | { readonly type: 'tls'; readonly code: string; readonly message: string }
  /** The server's certificate is not trusted. */
  | { readonly type: 'certificate'; readonly code: string; readonly message: string }
  /**
   * A phase took longer than `ms`. `request` is the function that makes the request; `response` is
   * all of the attempt after it, up to the end of the response's head.
   */
  | { readonly type: 'timeout'; readonly phase: TimeoutPhase; readonly ms: number }
  /**
   * The function that makes the request threw, or its promise was rejected; or `callback` did, a
   * function within the request. The error can be read, but is not shown when the object is
   * printed: it may hold a secret.
   */
  | {
      readonly type: 'request';
      readonly callback?: RequestCallback;
      readonly error: unknown;
    }
  /** The request can never be sent: a bug in the caller. */
  | { readonly type: 'badRequest'; readonly message: string };

/** A function within a request. */
export type RequestCallback = 'contentType' | 'redirectDelay';

export type TimeoutPhase = 'request' | 'lookup' | 'connect' | 'secureConnect' | 'response';

/** A response that is not an event stream. Its body, too, can be read and is not shown. */
export interface Refusal extends ResponseHead {
  /**
   * Its body as text: up to `maxBodySize` bytes that came within `bodyTimeout`. Where it is cut
   * off, it ends with a whole character.
   */
  readonly body: string;
}

export interface RedirectFailure {
  readonly type: 'redirect';
  /**
   * `tooMany`: more than 10 in a row. `loop`: a URL of this attempt again. `unsupported`: not an
   * http: or https: URL. `insecure`: from https: to http:.
   */
  readonly reason: 'tooMany' | 'loop' | 'unsupported' | 'insecure';
  readonly status: number;
  /** The `Location` as the server wrote it, without credentials. */
  readonly location: string;
  /** The URL that answered, without credentials. */
  readonly url: string;
}

export interface NetworkFailure {
  readonly type: 'network';
  readonly code: string;
  readonly message: string;
}

/** Why an open stream ended. */
export type Disconnect =
  /** The server ended the response properly. */
  | { readonly type: 'closed' }
  /** It broke off: `ECONNRESET`, `HPE_INVALID_CHUNK_SIZE`, a truncated compressed body, … */
  | NetworkFailure
  /** No byte came for `ms`. */
  | { readonly type: 'timeout'; readonly ms: number }
  | TooLarge;

export const closed: Disconnect = { type: 'closed' };

export function network(code: string, message: string): NetworkFailure {
  return { type: 'network', code, message: redact(message) };
}

export function requestFailed(error: unknown, callback?: RequestCallback): ConnectFailure {
  const shown = { type: 'request', ...(callback === undefined ? {} : { callback }) } as const;
  return withHidden(shown, { error });
}

export function badRequest(message: string): ConnectFailure {
  return { type: 'badRequest', message };
}
