import http, { Agent } from 'node:http';
import https, { Agent as SecureAgent } from 'node:https';

import type { OptionsInit } from 'got';

import { generationOf } from './http2.ts';
import type { Hop, HopBody } from './redirect.ts';
import type { TransportOptions } from './request.ts';

/** In ms. */
export const defaultConnectTimeout = 10_000;

/** Options for one plain exchange: got follows, retries and judges nothing. */
export function gotOptions(hop: Hop, request: TransportOptions): OptionsInit {
  const { got: given = {}, connectTimeout = defaultConnectTimeout } = request;
  const { http2 = false } = given;
  const { method, headers, body, isAtHome } = hop;
  return {
    ...given,
    agent: { ...agents(http2), ...given.agent },
    https: tlsOptions(hop, request),
    ...(isAtHome ? {} : { h2session: undefined }),
    method: method as NonNullable<OptionsInit['method']>,
    headers: {
      ...headers,
      ...(body instanceof Blob ? { 'content-length': String(body.size) } : {}),
    } as NonNullable<OptionsInit['headers']>,
    // Without a body, got waits until one is written to the stream.
    ...(method === 'GET' || method === 'HEAD' ? {} : { body: contentOf(body ?? '') }),
    retry: { limit: 0 },
    throwHttpErrors: false,
    followRedirect: false,
    // Node notices a body that is too short; got counts only the bytes that are read through its
    // own stream.
    strictContentLength: false,
    timeout: timeouts(connectTimeout, http2),
  };
}

function contentOf(body: HopBody): NonNullable<OptionsInit['body']> {
  return body instanceof Blob ? (body.stream() as AsyncIterable<Uint8Array>) : body;
}

/** A client certificate is only shown to the origin that the request is meant for. */
function tlsOptions(
  { url, isAtHome }: Hop,
  { got: given = {}, tls = {} }: TransportOptions,
): NonNullable<OptionsInit['https']> {
  return {
    ...(given.http2 === true ? { tlsSessionLifetime: generationOf(url.origin) } : {}),
    ...given.https,
    ...(tls.ca === undefined ? {} : { certificateAuthority: [tls.ca].flat() }),
    ...(tls.cert === undefined ? {} : { certificate: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
    ...(isAtHome ? {} : { certificate: undefined, key: undefined, pfx: undefined }),
  } as NonNullable<OptionsInit['https']>;
}

/**
 * Over HTTP/2 got has one timer for the three phases, and its error names the shortest of them:
 * `lookup` is made longer, so that the error says `connect`, which all three are part of.
 */
function timeouts(ms: number, http2: boolean): NonNullable<OptionsInit['timeout']> {
  return { lookup: http2 ? ms + 1 : ms, connect: ms, secureConnect: ms };
}

/**
 * Agents whose sockets end with their request. The buffer of one byte makes Node stop reading as
 * soon as a stream is paused; while it flows, packets do not pass through the buffer. The proxies
 * of the whole program (`NODE_USE_ENV_PROXY`, `http.setGlobalProxyFromEnv`) apply here too. got
 * uses no agent for HTTP/2, so it would go past a proxy: then HTTP/1.1 is used.
 */
function agents(http2: boolean): NonNullable<OptionsInit['agent']> {
  // Read each time, since the program may change them; a named import would keep the first agent.
  const plain = proxyEnvOf(http.globalAgent);
  const secure = proxyEnvOf(https.globalAgent);
  if (shared === undefined || shared.plain !== plain || shared.secure !== secure) {
    shared = createAgents(plain, secure);
  }
  return {
    http: shared.http,
    https: http2 && secure === undefined ? false : shared.https,
  };
}

interface SharedAgents {
  readonly plain: object | undefined;
  readonly secure: object | undefined;
  readonly http: Agent;
  readonly https: SecureAgent;
}

/** One pair for all requests, until the proxies change: an agent can outweigh an idle stream. */
let shared: SharedAgents | undefined;

function createAgents(plain: object | undefined, secure: object | undefined): SharedAgents {
  const options = { keepAlive: false, highWaterMark: 1 };
  return {
    plain,
    secure,
    http: new Agent({ ...options, proxyEnv: plain } as object),
    https: new SecureAgent({ ...options, proxyEnv: secure } as object),
  };
}

/** Node's types have `proxyEnv` from version 24 on. */
function proxyEnvOf(agent: object): object | undefined {
  return (agent as { readonly options?: { readonly proxyEnv?: object } }).options?.proxyEnv;
}
