import { TimeoutError } from 'got';

import {
  badRequest,
  type ConnectFailure,
  network,
  type NetworkFailure,
  type TimeoutPhase,
} from './failure.ts';

/** Facts about a request that got's error does not have. */
export interface ErrorContext {
  /** In ms: got's error has it only in its message. */
  readonly connectTimeout: number;
  /** The reason why the stream was reset, over HTTP/2. */
  readonly reset?: string | undefined;
}

/** The failure of an attempt that got no response. */
export function connectFailureOf(
  error: NodeJS.ErrnoException,
  { connectTimeout, reset }: ErrorContext,
): ConnectFailure {
  if (error instanceof TimeoutError) {
    return { type: 'timeout', phase: error.event as TimeoutPhase, ms: connectTimeout };
  }
  const { code, message } = networkFailureOf(error, reset);
  if (untrusted.test(code)) {
    return { type: 'certificate', code, message };
  }
  if (/^(?:ERR_SSL_|ERR_TLS_|EPROTO$)/.test(code)) {
    return { type: 'tls', code, message };
  }
  return isCallersMistake(error, code) ? badRequest(message) : network(code, message);
}

/** The failure of a response that broke off, from an error of got or of Node. */
export function networkFailureOf(error: NodeJS.ErrnoException, reset?: string): NetworkFailure {
  const cause = rootOf(error);
  // For a host with several addresses there is one error without a message, and one for each.
  const message = cause.message || messagesOf(cause.errors ?? []);
  const code = cause.code ?? error.code ?? 'ECONNRESET';
  return network(isVague(code, message) ? (reset ?? 'ECONNRESET') : code, message);
}

/** A name can have thousands of addresses. */
function messagesOf(errors: readonly Error[]): string {
  const first = errors.slice(0, mostMessages).map(({ message }) => message);
  const more = errors.length - first.length;
  return [...first, ...(more === 0 ? [] : [`… ${more} more`])].join(', ');
}

const mostMessages = 5;

interface Cause extends NodeJS.ErrnoException {
  readonly errors?: readonly Error[];
}

/** got wraps an error once or twice. */
function rootOf(error: Error): Cause {
  const { cause } = error;
  return typeof cause === 'object' && cause !== null ? rootOf(cause as Error) : error;
}

/** The codes that got and Node give to each reset of HTTP/2, whatever its reason. */
const vague = /^(?:ECONNRESET|ERR_HTTP2_STREAM_ERROR|ERR_HTTP2_SESSION_ERROR)$/;

/**
 * Some errors of got about HTTP/2 have no code of their own and are known by their message:
 * test/assumptions.test.ts checks that.
 */
function isVague(code: string, message: string): boolean {
  return vague.test(code) || (code === 'ERR_GOT_REQUEST_ERROR' && message.includes('HTTP/2'));
}

/** OpenSSL's names for the faults of a certificate, and Node's name for a wrong host name. */
const untrusted =
  /^(?:CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|ERROR_IN_C|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH|ERR_TLS_CERT_ALTNAME_INVALID)/;

/**
 * Whether the error is one that Node and got throw before anything is sent: for an illegal header,
 * a key that cannot be read, an option of the wrong type.
 */
function isCallersMistake({ cause }: Error, code: string): boolean {
  return (
    cause instanceof TypeError ||
    /^ERR_(?:INVALID|UNESCAPED|HTTP_INVALID|UNSUPPORTED_|OSSL_PEM_|OSSL_X509_KEY_)/.test(code)
  );
}
