/** The part of a request that decides whether it is sent again. */
export interface Resendable {
  readonly method?: string | undefined;
  /** The decision of its user, if there is one. */
  readonly reconnect?: boolean | undefined;
}

/**
 * Whether a request is sent again by itself: after a failure, after the end of its stream, with new
 * credentials, or over another connection. The one rule for every face of the client: the word of
 * the user decides, and without it the method. A method is repeated only if a second request has no
 * effect that the first one did not have (RFC 9110 9.2.2); nothing is assumed of an unknown method.
 *
 * A redirect is part of the same attempt: the server answers that it did not carry the request out,
 * and asks for it at another URL (`nextHop`).
 */
export function isSentAgain({ method = 'GET', reconnect }: Resendable): boolean {
  return reconnect ?? isIdempotent(method);
}

/**
 * Whether a request is sent again although a second one may have a second effect: only the word of
 * its user makes it so.
 */
export function isRepeatedEffect({ method = 'GET', reconnect = false }: Resendable): boolean {
  return reconnect && !isIdempotent(method);
}

function isIdempotent(method: string): boolean {
  return idempotent.has(method.toUpperCase());
}

/** The methods that IANA registers as idempotent, of those that Node knows. */
const idempotent: ReadonlySet<string> = new Set([
  'ACL',
  'BIND',
  'CHECKOUT',
  'COPY',
  'DELETE',
  'GET',
  'HEAD',
  'LINK',
  'MERGE',
  'MKACTIVITY',
  'MKCALENDAR',
  'MKCOL',
  'MOVE',
  'OPTIONS',
  'PROPFIND',
  'PROPPATCH',
  'PUT',
  'QUERY',
  'REBIND',
  'REPORT',
  'SEARCH',
  'TRACE',
  'UNBIND',
  'UNLINK',
]);
