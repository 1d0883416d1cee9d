import { AsyncResource } from 'node:async_hooks';

import { assertKnownKeys } from '@reprise/actor/options';
import { describe } from '@reprise/actor/text';

import type { SseRequest } from '../http/request.ts';
import { requestBy } from './fetch.ts';
import { eventSourceKeys, type EventSourceInit } from './interface.ts';

/**
 * The arguments of an `EventSource`, checked, as a request of the client.
 * @throws as the constructor of `EventSource`.
 */
export function eventSourceRequest(url: string | URL, init: EventSourceInit): SseRequest {
  const { fetch, maxBufferSize, withCredentials } = checked(init);
  return {
    url: parseUrl(url),
    ...(maxBufferSize === undefined ? {} : { maxEventSize: maxBufferSize }),
    ...(fetch === undefined
      ? {}
      : { got: requestBy(AsyncResource.bind(fetch), Boolean(withCredentials)) }),
  };
}

/** A relative URL is an error: there is no page that it could be relative to. */
function parseUrl(url: string | URL): string {
  const parsed = URL.parse(String(url));
  if (parsed === null) {
    throw new DOMException(`Expected an absolute URL, got ${describe(url)}`, 'SyntaxError');
  }
  return parsed.href;
}

function checked(init: EventSourceInit): EventSourceInit {
  if (typeof init !== 'object' && typeof init !== 'function') {
    throw new TypeError(`Expected options { withCredentials, … }, got ${describe(init)}`);
  }
  if (typeof init === 'object') {
    assertKnownKeys('EventSource', init, eventSourceKeys);
  }
  const { fetch, maxBufferSize = 1, withCredentials } = init;
  // Each value has a boolean (WebIDL), but that of the text `false` is true.
  if (typeof withCredentials === 'string') {
    throw new TypeError(
      `Expected withCredentials to be true or false, got ${describe(withCredentials)}`,
    );
  }
  if (fetch !== undefined && typeof fetch !== 'function') {
    throw new TypeError(`Expected fetch to be a function, got ${describe(fetch)}`);
  }
  if (!(maxBufferSize > 0)) {
    throw new RangeError(`Expected maxBufferSize to be above 0, got ${describe(maxBufferSize)}`);
  }
  return init;
}
