import type { ConnectFailure, Disconnect } from './failure.ts';

/**
 * Whether an id is sent as Last-Event-ID. Not if it is empty (WHATWG HTML 9.2.4); nor if it has a
 * control character other than a tab, which no header can hold (RFC 9110 5.5); nor if it is above
 * 16 KiB, which hardly a server takes: those with a limit have 4 to 16 KiB for all headers, and
 * some break the connection rather than say so.
 */
export function isSendable(id: string): boolean {
  // oxlint-disable-next-line no-control-regex -- it looks for control characters
  return id !== '' && !/[\0-\x08\n-\x1F\x7F]/.test(id) && Buffer.byteLength(id) <= longest;
}

/** Node encodes headers as latin1, so each byte of the UTF-8 becomes one character. */
export function asHeaderValue(id: string): string {
  return Buffer.from(id, 'utf8').toString('latin1');
}

/**
 * Whether a request may have been refused since its last event id is too long: then the next one
 * goes without it, and shows whether that was the reason. 431 says so itself (RFC 6585 5). For a
 * long header some servers answer 400; an id in the URL or in the body is answered by 414 or 413.
 */
export function isRefusalOf(id: string, failure: ConnectFailure | Disconnect): boolean {
  if (failure.type !== 'status' || id === '') {
    return false;
  }
  const isLong = Buffer.byteLength(id) >= long;
  return failure.status === 431 || (isLong && [400, 413, 414].includes(failure.status));
}

/** In bytes. */
const longest = 16_384;
/** The length of an id, in bytes, from which on a request may be too long because of it. */
const long = 1024;
