import type { ClientRequest } from 'node:http';
import type { ClientHttp2Session, ClientHttp2Stream, Http2Session } from 'node:http2';

// Three things here are no part of got's API: `stream` of its requests, `currentStreamCount` of its
// sessions, and the TLS options as keys of its caches. test/assumptions.test.ts checks each.

/** The request that got sends. Over HTTP/2 it has a stream as soon as there is a session for it. */
type MaybeHttp2Request = ClientRequest & { readonly stream?: ClientHttp2Stream };

/** A session of got's pool, with got's count of the streams on it, or about to be. */
type PooledSession = ClientHttp2Session & { readonly currentStreamCount: number };

/**
 * Gives the streams of a session a small window, and ends the session with the last of its streams.
 * Leaves HTTP/1.1 alone, and a session of the user's own.
 */
export function shareSession(request: ClientRequest): void {
  request.once('socket', () => {
    const { stream } = request as MaybeHttp2Request;
    const session = sessionOf(stream);
    if (stream !== undefined && session !== undefined) {
      sessions.set(request, session);
      narrowWindow(session);
      // got's own listener runs first: a request that waited for room on this session has it now.
      stream.once('close', () => {
        if (session.currentStreamCount === 0) {
          session.destroy();
        }
      });
    }
  });
}

export function hasStream(request: ClientRequest | undefined): boolean {
  return (request as MaybeHttp2Request | undefined)?.stream !== undefined;
}

/**
 * For a stream that was silent for too long, perhaps since its connection is dead, or whose server
 * does not answer for its origin: no new stream is opened on the session. The other streams on it
 * have timeouts of their own.
 */
export function markSessionDead(request: ClientRequest | undefined): void {
  const session = request && sessions.get(request);
  if (session?.currentStreamCount === 1) {
    session.destroy();
  } else {
    session?.close();
  }
}

/**
 * The reason of a reset by Node's name: `NGHTTP2_REFUSED_STREAM`, … (RFC 9113 7); `undefined` for a
 * code that gives none.
 */
export function resetCode(request: ClientRequest | undefined): string | undefined {
  const { rstCode = 0 } = (request as MaybeHttp2Request | undefined)?.stream ?? {};
  const name = resets[rstCode];
  return name === undefined ? undefined : `NGHTTP2_${name}`;
}

/**
 * A value for `tlsSessionLifetime`, which is another one after `forgetProtocol`. got caches which
 * protocol an origin speaks, and its sessions, by the TLS options, and does not notice when an
 * origin stops to speak HTTP/2. A client makes no use of this one option, so a new value of it has
 * no effect but to miss got's caches. It also keeps our sessions, with their small windows, apart
 * from those that other code of the program opens with got.
 */
export function generationOf(origin: string): number {
  return generations.get(origin) ?? firstGeneration;
}

/** To be called when no stream could be opened: the next request negotiates the protocol anew. */
export function forgetProtocol(origin: string): void {
  // Removed first, so that the order of the map is that of the last failure.
  generations.delete(origin);
  if (generations.size >= maxOrigins) {
    generations.delete(generations.keys().next().value ?? '');
  }
  lastGeneration += 1;
  generations.set(origin, lastGeneration);
}

const firstGeneration = 301;
let lastGeneration = firstGeneration;
/** Only origins that have failed: the oldest is forgotten when there are more than `maxOrigins`. */
const generations = new Map<string, number>();
/** As many as got remembers protocols of. */
const maxOrigins = 100;

/** By code. NO_ERROR and CANCEL, which we send ourselves, say nothing about the server. */
const resets: readonly (string | undefined)[] = [
  undefined,
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  undefined,
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
];

/** Kept here, since a destroyed stream has lost its session. */
const sessions = new WeakMap<ClientRequest, PooledSession>();

/**
 * How many bytes a server may send on a stream that is not read. With got's 32 MiB each paused
 * stream could take as much memory.
 */
const window = 2 ** 18;
const narrowed = new WeakSet<ClientHttp2Session>();

/** Node sends settings before the request. */
function narrowWindow(session: ClientHttp2Session): void {
  if (!narrowed.has(session)) {
    narrowed.add(session);
    session.settings({ initialWindowSize: window });
  }
}

function sessionOf(stream: ClientHttp2Stream | undefined): PooledSession | undefined {
  const session = stream?.session;
  return session !== undefined && isPooled(session) ? session : undefined;
}

function isPooled(session: Http2Session): session is PooledSession {
  return (session as Partial<PooledSession>).currentStreamCount !== undefined;
}
