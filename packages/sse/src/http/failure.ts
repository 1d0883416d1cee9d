import type { IncomingHttpHeaders } from 'node:http';

import type { TooLarge } from '../format/too-large.ts';

/** What the server said before the stream: plain data, to be kept and compared. */
export interface ResponseHead {
  readonly status: number;
  /** Names in lower case, as Node gives them. */
  readonly headers: IncomingHttpHeaders;
  /** The URL that answered, after redirects, without credentials. */
  readonly url: string;
}

/** A success: 200 and `text/event-stream`. */
export interface EventStreamResponse extends ResponseHead {
  readonly status: 200;
}

/** Why a connection could not be made. */
export type ConnectFailure =
  /**
   * The server answered with a status other than 200 and 204; a redirect without a `Location` is
   * one of these.
   */
  | ({ readonly type: 'status' } & Refusal)
  /** 204: the server asks not to be asked again (WHATWG HTML 9.2.3). */
  | ({ readonly type: 'noContent' } & ResponseHead)
  /** 200, but not an event stream. */
  | ({ readonly type: 'contentType' } & Refusal)
  /** The server sent us somewhere we do not go. */
  | RedirectFailure
  /**
   * No answer, or nothing that is HTTP: `ECONNREFUSED`, `ENOTFOUND`, `ECONNRESET`,
   * `HPE_INVALID_CONSTANT`, …
   */
  | NetworkFailure
  /** TLS could not be agreed on, for another reason than the certificate. */
  | { readonly type: 'tls'; readonly code: string; readonly message: string }
  /** The server's certificate is not trusted. */
  | { readonly type: 'certificate'; readonly code: string; readonly message: string }
  /**
   * The time for this phase ran out; `response` is the whole, from the start to the end of the
   * response's head.
   */
  | { readonly type: 'timeout'; readonly phase: TimeoutPhase; readonly ms: number }
  /** The function that was to give the request threw, or its promise was rejected. */
  | { readonly type: 'request'; readonly error: unknown }
  /** The request can never be sent: a mistake of the caller. */
  | { readonly type: 'badRequest'; readonly message: string };

export type TimeoutPhase = 'lookup' | 'connect' | 'secureConnect' | 'response';

/** An answer that is not a stream of events. */
export interface Refusal extends ResponseHead {
  /** The start of its body as text: at most 4 KiB, and what has come within half a second. */
  readonly body: string;
}

export interface RedirectFailure {
  readonly type: 'redirect';
  /**
   * More than 10 in a row; back to where it has been; no http: or https: URL; from https: to http:.
   */
  readonly reason: 'tooMany' | 'loop' | 'unsupported' | 'insecure';
  readonly status: number;
  /** The `Location` as the server wrote it. */
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
  /** The server ended it, in good order. */
  | { readonly type: 'closed' }
  /** It broke off: `ECONNRESET`, `HPE_INVALID_CHUNK_SIZE`, a compressed body that is cut off, … */
  | NetworkFailure
  /** Not one byte came for `ms`. */
  | { readonly type: 'timeout'; readonly ms: number }
  | TooLarge;

export const closed: Disconnect = { type: 'closed' };

export function network(code: string, message: string): NetworkFailure {
  return { type: 'network', code, message };
}

export function badRequest(message: string): ConnectFailure {
  return { type: 'badRequest', message };
}

/**
 * One line for people. The only headers in it are Location and Content-Type, and nothing of a body;
 * what a server wrote there can neither begin a line of its own nor steer a terminal.
 */
export function formatFailure(failure: ConnectFailure | Disconnect): string {
  return describe(failure).replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, (control) => {
    const code = control.charCodeAt(0);
    return `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

function describe(failure: ConnectFailure | Disconnect): string {
  switch (failure.type) {
    case 'status':
    case 'noContent': {
      return `status ${failure.status}`;
    }
    case 'contentType': {
      return `content type ${failure.headers['content-type'] ?? 'missing'}`;
    }
    case 'redirect': {
      return `redirect ${failure.status} to ${failure.location} (${failure.reason})`;
    }
    case 'network':
    case 'tls':
    case 'certificate': {
      return failure.message.includes(failure.code)
        ? failure.message
        : `${failure.code} ${failure.message}`.trimEnd();
    }
    case 'timeout': {
      return `${'phase' in failure ? failure.phase : 'idle'} timeout after ${failure.ms} ms`;
    }
    case 'request': {
      return `no request: ${String(failure.error)}`;
    }
    case 'badRequest': {
      return `bad request: ${failure.message}`;
    }
    case 'closed': {
      return 'closed by the server';
    }
    case 'tooLarge':
    default: {
      return `event above ${failure.limit} bytes`;
    }
  }
}
