import { type RequestError, TimeoutError } from 'got';

import { badRequest, type ConnectFailure, network, type NetworkFailure } from './failure.ts';

/** What an error of got says about an attempt that has not brought a response. */
export function connectFailureOf(error: RequestError): ConnectFailure {
  if (error instanceof TimeoutError) {
    return { type: 'timeout', phase: error.event as 'lookup', ms: msOf(error.message) };
  }
  const { code, message } = networkFailureOf(error);
  if (untrusted.test(code)) {
    return { type: 'certificate', code, message };
  }
  if (/^(?:ERR_SSL_|ERR_TLS_|EPROTO$)/.test(code)) {
    return { type: 'tls', code, message };
  }
  return isCallersMistake(error, code) ? badRequest(message) : network(code, message);
}

/** What an error of got says about a response that broke off. */
export function networkFailureOf(error: RequestError): NetworkFailure {
  const cause = (error.cause ?? error) as NodeJS.ErrnoException & { readonly errors?: Error[] };
  // A host with several addresses fails with one error for all and no message of its own.
  const message = cause.message || (cause.errors ?? []).map((one) => one.message).join(', ');
  return network(cause.code ?? error.code, message);
}

/** The names that OpenSSL gives to what can be wrong with a certificate, and Node's own for the wrong host name. */
const untrusted =
  /^(?:CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|ERROR_IN_C|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH|ERR_TLS_CERT_ALTNAME_INVALID)/;

/** Node and got throw such errors before anything is sent: an illegal header, a key that is none, an option of the wrong type. */
function isCallersMistake({ cause }: RequestError, code: string): boolean {
  return (
    cause instanceof TypeError ||
    /^ERR_(?:INVALID|UNESCAPED|HTTP_INVALID|UNSUPPORTED_|OSSL_PEM_|OSSL_X509_KEY_)/.test(code)
  );
}

/** got's error has the limit only in its words: "Timeout awaiting 'connect' for 10000ms". */
function msOf(message: string): number {
  return Number(/(\d+)ms$/.exec(message)?.[1] ?? 0);
}
