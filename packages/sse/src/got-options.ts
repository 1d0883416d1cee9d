import { Agent } from 'node:http';
import { Agent as SecureAgent } from 'node:https';

import type { OptionsInit } from 'got';

import type { Hop } from './redirect.ts';
import type { SseRequest } from './request.ts';

/** What got is asked for: one plain exchange, of which it follows, retries and judges nothing. */
export function gotOptions(
  { method, headers, body, isAtHome }: Hop,
  { got: given = {}, tls = {}, connectTimeout = 10_000 }: SseRequest,
): OptionsInit {
  return {
    agent: agents,
    ...given,
    https: {
      ...given.https,
      ...(tls.ca === undefined ? {} : { certificateAuthority: [tls.ca].flat() }),
      ...(tls.cert === undefined ? {} : { certificate: tls.cert }),
      ...(tls.key === undefined ? {} : { key: tls.key }),
      ...(isAtHome ? {} : { certificate: undefined, key: undefined, pfx: undefined }),
    } as NonNullable<OptionsInit['https']>,
    method: method as NonNullable<OptionsInit['method']>,
    headers: headers as NonNullable<OptionsInit['headers']>,
    // got waits for a body to be written to the stream when it is given none.
    ...(method === 'GET' || method === 'HEAD' ? {} : { body: body ?? '' }),
    retry: { limit: 0 },
    throwHttpErrors: false,
    followRedirect: false,
    // Node finds a body that is too short; got counts only what is read through its own stream.
    strictContentLength: false,
    timeout: { lookup: connectTimeout, connect: connectTimeout, secureConnect: connectTimeout },
  };
}

/**
 * No socket outlives its request. The tiny buffer makes Node stop reading as soon as a packet is not wanted yet; packets that are wanted
 * do not pass through it.
 */
const agents = {
  http: new Agent({ keepAlive: false, highWaterMark: 1 } as object),
  https: new SecureAgent({ keepAlive: false, highWaterMark: 1 } as object),
};
