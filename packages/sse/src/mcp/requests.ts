import { partOf } from '@reprise/actor/options';

import { headerEntries, type HeadersLike, type SseRequest } from '../http/request.ts';
import { type Listener, type RequestOptions, requestOptionKeys } from './options.ts';
import { modern } from './revision.ts';

/** The headers of a session, which its server asks for in each request. */
export type SessionHeaders = Readonly<Record<string, string>>;

/**
 * How long a server may take for the head of a response, for the whole handshake, and to
 * acknowledge a request to listen, in ms.
 */
export function responseTimeoutOf({ responseTimeout = 60_000 }: Listener): number {
  return responseTimeout;
}

/** The POST whose answer is the stream, in the modern revision. */
export function listenRequest(listener: Listener, headers: HeadersLike, id: number): SseRequest {
  const method = 'subscriptions/listen';
  const { clientInfo, notifications } = listener;
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': modern,
    'io.modelcontextprotocol/clientInfo': clientInfo,
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const own = { 'mcp-protocol-version': modern, 'mcp-method': method };
  return post(listener, headers, own, { id, method, params: { _meta, notifications } });
}

/** The GET whose answer is the stream, in a legacy session. */
export function streamRequest(
  listener: Listener,
  headers: HeadersLike,
  session: SessionHeaders,
  lastEventId: string,
): SseRequest {
  return { ...baseOf(listener, headers, session), lastEventId };
}

/** A message to a legacy server. */
export function messageRequest(
  listener: Listener,
  headers: HeadersLike,
  session: SessionHeaders,
  message: object,
): SseRequest {
  return post(listener, headers, session, message);
}

/** The end of a session. */
export function endRequest(
  listener: Listener,
  headers: HeadersLike,
  session: SessionHeaders,
): SseRequest {
  return { ...baseOf(listener, headers, session), method: 'DELETE' };
}

function post(
  listener: Listener,
  headers: HeadersLike,
  own: SessionHeaders,
  message: object,
): SseRequest {
  const types = {
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
  };
  return {
    ...baseOf(listener, headers, { ...own, ...types }),
    method: 'POST',
    body: JSON.stringify({ jsonrpc: '2.0', ...message }),
  };
}

function baseOf(listener: Listener, headers: HeadersLike, own: SessionHeaders): SseRequest {
  const given = [...headerEntries(headers)].map(([name, value]) => [name.toLowerCase(), value]);
  return {
    ...partOf<RequestOptions>(listener, requestOptionKeys),
    responseTimeout: responseTimeoutOf(listener),
    url: listener.url,
    headers: { ...Object.fromEntries(given), ...own },
    // Not the id of a session, which is a secret of its server.
    redirectHeaders: ['mcp-protocol-version', 'mcp-method'],
  };
}
