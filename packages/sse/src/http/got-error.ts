import { TimeoutError } from 'got';

import { badRequest, type ConnectFailure, network, type NetworkFailure } from './failure.ts';

/**
 * What an error of got says about an attempt that has not brought a response; `reset` is why its
 * stream was reset, over HTTP/2.
 */
export function connectFailureOf(error: NodeJS.ErrnoException, reset?: string): ConnectFailure {
  if (error instanceof TimeoutError) {
    return { type: 'timeout', phase: error.event as 'lookup', ms: msOf(error.message) };
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

/** What an error of got, or of Node, says about a response that broke off. */
export function networkFailureOf(error: NodeJS.ErrnoException, reset?: string): NetworkFailure {
  const cause = rootOf(error);
  // A host with several addresses fails with one error for all and no message of its own.
  const message = cause.message || (cause.errors ?? []).map((one) => one.message).join(', ');
  const code = cause.code ?? error.code ?? 'ECONNRESET';
  return network(isVague(code, message) ? (reset ?? 'ECONNRESET') : code, message);
}

interface Cause extends NodeJS.ErrnoException {
  readonly errors?: readonly Error[];
}

/** got wraps errors once, and some twice. */
function rootOf(error: Error): Cause {
  const { cause } = error;
  return typeof cause === 'object' && cause !== null ? rootOf(cause as Error) : error;
}

/** What got and Node say whatever a peer of HTTP/2 gave as the reason, or if it gave none. */
const vague = /^(?:ECONNRESET|ERR_HTTP2_STREAM_ERROR|ERR_HTTP2_SESSION_ERROR)$/;

function isVague(code: string, message: string): boolean {
  return vague.test(code) || (code === 'ERR_GOT_REQUEST_ERROR' && message.includes('HTTP/2'));
}

/**
 * The names that OpenSSL gives to what can be wrong with a certificate, and Node's own for the
 * wrong host name.
 */
const untrusted =
  /^(?:CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|ERROR_IN_C|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH|ERR_TLS_CERT_ALTNAME_INVALID)/;

/**
 * Node and got throw such errors before anything is sent: an illegal header, a key that is none, an
 * option of the wrong type.
 */
function isCallersMistake({ cause }: Error, code: string): boolean {
  return (
    cause instanceof TypeError ||
    /^ERR_(?:INVALID|UNESCAPED|HTTP_INVALID|UNSUPPORTED_|OSSL_PEM_|OSSL_X509_KEY_)/.test(code)
  );
}

/** got's error has the limit only in its words: "Timeout awaiting 'connect' for 10000ms". */
function msOf(message: string): number {
  return Number(/(\d+)ms$/.exec(message)?.[1] ?? 0);
}
