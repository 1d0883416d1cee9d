import { inspect } from 'node:util';

import type { SseRequest } from '../http/request.ts';
import { requestBy } from './fetch.ts';
import type { EventSourceInit } from './interface.ts';

/**
 * As long as Node's own `fetch` bears silence, before the response as in it: a server may send the
 * head of its response only with the first event.
 */
const longestSilence = 300_000;

/**
 * What an `EventSource` is made of, checked and in the terms of the client. Throws as its
 * constructor.
 */
export function eventSourceRequest(url: string | URL, init: EventSourceInit): SseRequest {
  const { fetch, maxBufferSize, withCredentials } = checked(init);
  return {
    url: parseUrl(url),
    idleTimeout: longestSilence,
    responseTimeout: longestSilence,
    ...(maxBufferSize === undefined ? {} : { maxEventSize: maxBufferSize }),
    ...(fetch === undefined ? {} : { got: requestBy(fetch, Boolean(withCredentials)) }),
  };
}

/** There is no page whose URL a relative one could be relative to. */
function parseUrl(url: string | URL): string {
  const parsed = URL.parse(String(url));
  if (parsed === null) {
    throw new DOMException(`Expected an absolute URL, got ${inspect(url)}`, 'SyntaxError');
  }
  return parsed.href;
}

function checked(init: EventSourceInit): EventSourceInit {
  if (typeof init !== 'object' && typeof init !== 'function') {
    throw new TypeError(`Expected options { withCredentials, … }, got ${inspect(init)}`);
  }
  const { fetch, maxBufferSize = 1 } = init;
  if (fetch !== undefined && typeof fetch !== 'function') {
    throw new TypeError(`Expected fetch to be a function, got ${inspect(fetch)}`);
  }
  if (!(maxBufferSize > 0)) {
    throw new RangeError(`Expected maxBufferSize to be above 0, got ${inspect(maxBufferSize)}`);
  }
  return init;
}
