import http, { Agent } from 'node:http';
import https, { Agent as SecureAgent } from 'node:https';

import type { OptionsInit } from 'got';

import { generationOf } from './http2.ts';
import type { Hop } from './redirect.ts';
import type { SseRequest } from './request.ts';

/** What got is asked for: one plain exchange, of which it follows, retries and judges nothing. */
export function gotOptions(
  { url, method, headers, body, isAtHome }: Hop,
  { got: given = {}, tls = {}, connectTimeout = 10_000 }: SseRequest,
): OptionsInit {
  const { http2 = false } = given;
  return {
    ...given,
    agent: { ...agents(http2), ...given.agent },
    https: {
      ...(http2 ? { tlsSessionLifetime: generationOf(url.origin) } : {}),
      ...given.https,
      ...(tls.ca === undefined ? {} : { certificateAuthority: [tls.ca].flat() }),
      ...(tls.cert === undefined ? {} : { certificate: tls.cert }),
      ...(tls.key === undefined ? {} : { key: tls.key }),
      ...(isAtHome ? {} : { certificate: undefined, key: undefined, pfx: undefined }),
    } as NonNullable<OptionsInit['https']>,
    ...(isAtHome ? {} : { h2session: undefined }),
    method: method as NonNullable<OptionsInit['method']>,
    headers: headers as NonNullable<OptionsInit['headers']>,
    // got waits for a body to be written to the stream when it is given none.
    ...(method === 'GET' || method === 'HEAD' ? {} : { body: body ?? '' }),
    retry: { limit: 0 },
    throwHttpErrors: false,
    followRedirect: false,
    // Node finds a body that is too short; got counts only what is read through its own stream.
    strictContentLength: false,
    timeout: {
      // Over HTTP/2 got has one timer for the three, and names the shortest: to connect is what
      // they have in common.
      lookup: http2 ? connectTimeout + 1 : connectTimeout,
      connect: connectTimeout,
      secureConnect: connectTimeout,
    },
  };
}

/**
 * No socket outlives its request. The tiny buffer makes Node stop reading as soon as a packet is
 * not wanted yet; packets that are wanted do not pass through it. Proxies that are set for the
 * whole program (`NODE_USE_ENV_PROXY`, `http.setGlobalProxyFromEnv`) hold here too; HTTP/2, which
 * got does without an agent, would go past them, so it is not used then.
 */
function agents(http2: boolean): NonNullable<OptionsInit['agent']> {
  const options = { keepAlive: false, highWaterMark: 1 };
  // Looked at each time: the program may change its mind, and a named import would not see it.
  const plain = proxyEnvOf(http.globalAgent);
  const secure = proxyEnvOf(https.globalAgent);
  if (shared === undefined || shared.plain !== plain || shared.secure !== secure) {
    shared = {
      plain,
      secure,
      http: new Agent({ ...options, proxyEnv: plain } as object),
      https: new SecureAgent({ ...options, proxyEnv: secure } as object),
    };
  }
  return {
    http: shared.http,
    https: http2 && secure === undefined ? false : shared.https,
  };
}

/**
 * One pair for all requests, as long as the proxies stay: an agent takes more memory than many a
 * stream.
 */
let shared:
  | {
      readonly plain: object | undefined;
      readonly secure: object | undefined;
      readonly http: Agent;
      readonly https: SecureAgent;
    }
  | undefined;

/** In Node's types from version 24 on. */
function proxyEnvOf(agent: object): object | undefined {
  return (agent as { readonly options?: { readonly proxyEnv?: object } }).options?.proxyEnv;
}
