import type { Fault, FaultInStream } from './fault.ts';
import { chunked, gzipped, head, type Headers, lastChunk } from './http.ts';
import { type EventOptions, numberedEvent } from './numbered-event.ts';
import type { Random } from './random.ts';
import {
  concat,
  finish,
  firstBytes,
  mapBytes,
  reset,
  slowly,
  type Step,
  type Steps,
  write,
} from './step.ts';

/** The parts of a request that its response depends on. */
export interface Request {
  readonly stream: string;
  readonly connection: number;
  /** The number of the first event to send. */
  readonly first: number;
  readonly random: Random;
  /** The host's time, in ms since 1970. */
  readonly now: number;
}

/**
 * The steps of the server after it has read the request. After the last one it waits for the client
 * to close the connection.
 */
export function script(fault: Fault | undefined, request: Request): Steps {
  if (fault === undefined) {
    return stream([chunked(events(request))]);
  }
  switch (fault.type) {
    case 'refuse':
      return [reset];
    case 'noAnswer':
      return [];
    case 'slowHead':
      return endlessHead(fault.every);
    case 'garbage':
      return [write(garbage(request.random)), finish];
    case 'status':
      return [write(refusal(fault)), finish];
    case 'clockJump':
      return [write(refusalByClock(fault, request)), finish];
    case 'redirect':
      return [write(redirect(fault, request)), finish];
    case 'contentType':
      return stream([chunked(events(request))], { 'content-type': fault.contentType });
    case 'truncatedGzip':
      return stream([bodyOf(fault, request), end], { 'content-encoding': 'gzip' });
    default:
      return stream([bodyOf(fault, request), endOf(fault)]);
  }
}

function bodyOf(fault: FaultInStream, request: Request): Steps {
  switch (fault.type) {
    case 'reset':
    case 'cut':
      return firstBytes(chunked(events(request)), fault.afterBytes);
    case 'end':
    case 'silence':
    case 'badChunk':
      return chunked(events(request, fault.afterEvents));
    case 'slowBody':
      return slowly(chunked(events(request, fault.afterEvents)), fault.every);
    case 'truncatedGzip':
      return chunked(gzipped(events(request, fault.afterEvents)));
    case 'giantEvent':
      return chunked(withGiant(fault, request));
    case 'duplicate':
      return chunked(mapBytes(events(request, fault.afterEvents), twice));
    case 'missingId':
      return chunked(events(request, fault.afterEvents, { hasId: false }));
    case 'replay':
      return chunked(events(earlier(request, fault.events), fault.afterEvents));
    case 'retry':
      return chunked(withRetry(fault, request));
    default:
      return fault satisfies never;
  }
}

function endOf({ type }: FaultInStream): Steps {
  switch (type) {
    case 'silence':
      return [];
    case 'reset':
      return [reset];
    case 'cut':
      return [finish];
    case 'badChunk':
      return [write('no size\r\n'), finish];
    default:
      return end;
  }
}

const end: Steps = [lastChunk, finish];

function stream(parts: readonly Steps[], headers: Headers = {}): Steps {
  const start = head(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'transfer-encoding': 'chunked',
    ...headers,
  });
  return concat([[write(start)], ...parts]);
}

/** `count` events, each as soon as the stream has made it. */
function* events(
  { stream, first }: Request,
  count = Infinity,
  options: EventOptions = {},
): Generator<Step> {
  for (let number = first; number < first + count; number += 1) {
    yield { type: 'await', number };
    yield write(numberedEvent(stream, number, options), 1);
  }
}

function withGiant(
  { afterEvents, bytes }: Extract<Fault, { readonly type: 'giantEvent' }>,
  request: Request,
): Steps {
  const giant = events(earlier(request, -afterEvents), 1, { padding: bytes });
  return concat([events(request, afterEvents), giant]);
}

function withRetry(
  { afterEvents, value }: Extract<Fault, { readonly type: 'retry' }>,
  request: Request,
): Steps {
  return concat([[write(`retry: ${value}\n\n`)], events(request, afterEvents)]);
}

function earlier(request: Request, count: number): Request {
  return { ...request, first: Math.max(1, request.first - count) };
}

function twice(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([bytes, bytes]);
}

function* endlessHead(every: number): Generator<Step> {
  yield write('HTTP/1.1 200 OK\r\n');
  for (let line = 1; ; line += 1) {
    yield write(`x-line: ${line}\r\n`);
    yield { type: 'pause', ms: every };
  }
}

/** Bytes above 127, so that no letter of "HTTP" is among them. */
function garbage(random: Random): Uint8Array {
  return Uint8Array.from({ length: 64 }, () => 128 + Math.floor(random() * 128));
}

function refusal({ status, retryAfter }: Extract<Fault, { readonly type: 'status' }>): string {
  const hasBody = status >= 200 && status !== 204 && status !== 304;
  return head(status, {
    'retry-after': retryAfter === undefined ? undefined : String(retryAfter),
    'content-length': hasBody ? '0' : undefined,
  });
}

function refusalByClock(
  { by, retryAfter }: Extract<Fault, { readonly type: 'clockJump' }>,
  { now }: Request,
): string {
  return head(503, {
    date: formatHttpDate(now + by),
    'retry-after': formatHttpDate(now + by + retryAfter * 1000),
    'content-length': '0',
  });
}

/** RFC 9110 5.6.7. */
function formatHttpDate(ms: number): string {
  return new Date(ms).toUTCString();
}

function redirect(
  { status = 307, location }: Extract<Fault, { readonly type: 'redirect' }>,
  { stream, connection }: Request,
): string {
  // Another URL each time: clients refuse a redirect to a URL that they come from.
  const elsewhere = `/${stream}?after=${connection}`;
  return head(status, { location: location ?? elsewhere, 'content-length': '0' });
}
