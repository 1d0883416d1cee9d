import type { ClientRequest } from 'node:http';
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';

/**
 * What got sends with. Over HTTP/2 it has a stream, from the moment that there is a session to open
 * it on.
 */
type MaybeHttp2Request = ClientRequest & { readonly stream?: ClientHttp2Stream };

/** A session of got's pool, with got's own count of the streams that it carries or is about to. */
type PooledSession = ClientHttp2Session & { readonly currentStreamCount: number };

/**
 * Gives the streams of a session a window of our size, and ends the session with the last of them.
 * HTTP/1.1 and a session of the user's own are left alone.
 */
export function shareSession(request: ClientRequest): void {
  request.once('socket', () => {
    const { stream } = request as MaybeHttp2Request;
    const session = sessionOf(stream);
    if (stream !== undefined && session !== undefined) {
      sessions.set(request, session);
      narrowWindow(session);
      // got's own listener is older: whoever waited for room has been given it by now.
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
 * After silence, which a dead connection may be the cause of: no further stream is opened on it.
 * The others find out for themselves.
 */
export function leaveSession(request: ClientRequest | undefined): void {
  const session = request && sessions.get(request);
  if (session?.currentStreamCount === 1) {
    session.destroy();
  } else {
    session?.close();
  }
}

/**
 * Why a stream was reset, as Node names it: `NGHTTP2_REFUSED_STREAM`, … (RFC 9113 7). `undefined`
 * where that says nothing more.
 */
export function resetCode(request: ClientRequest | undefined): string | undefined {
  const { rstCode = 0 } = (request as MaybeHttp2Request | undefined)?.stream ?? {};
  const name = resets[rstCode];
  return name === undefined ? undefined : `NGHTTP2_${name}`;
}

/**
 * got remembers for ever what an origin once agreed to speak, and would not notice that it no
 * longer speaks it. What it remembers, and which sessions it shares, hangs on the TLS options; this
 * is the value for one that a client makes no use of, `tlsSessionLifetime`. It also keeps our
 * sessions, with their small windows, apart from those of the rest of the program.
 */
export function generationOf(origin: string): number {
  return generations.get(origin) ?? firstGeneration;
}

/** No stream could be opened there: next time it is asked anew what it speaks. */
export function forgetProtocol(origin: string): void {
  if (generations.size >= 100) {
    generations.clear();
  }
  lastGeneration += 1;
  generations.set(origin, lastGeneration);
}

const firstGeneration = 301;
let lastGeneration = firstGeneration;
const generations = new Map<string, number>();

/** NO_ERROR and CANCEL, which is our own as well, are left out. */
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

/** A stream that is destroyed no longer knows its session. */
const sessions = new WeakMap<ClientRequest, PooledSession>();

/**
 * What a server may send on a stream that is not read: got's 32 MiB would be as much memory, for
 * each of them.
 */
const window = 2 ** 18;
const narrowed = new WeakSet<ClientHttp2Session>();

/** Goes out before the request does, since settings have priority. */
function narrowWindow(session: ClientHttp2Session): void {
  if (!narrowed.has(session)) {
    narrowed.add(session);
    session.settings({ initialWindowSize: window });
  }
}

function sessionOf(stream: ClientHttp2Stream | undefined): PooledSession | undefined {
  const session = stream?.session as Partial<PooledSession> | undefined;
  return session?.currentStreamCount === undefined ? undefined : (session as PooledSession);
}
