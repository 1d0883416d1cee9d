import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Sink } from '../live/sink.ts';
import type { Answer, Question } from './exchange.ts';
import type { Location } from './location.ts';

export function questionOf(
  request: IncomingMessage,
  { path, query }: Extract<Location, { type: 'below' }>,
): Question {
  return {
    method: request.method ?? '',
    path,
    query,
    header: (name) => request.headersDistinct[name] ?? [],
    address: request.socket.remoteAddress ?? '',
    request,
    body: (limit) => bodyOf(request, limit),
  };
}

/** What a parser of the server, such as `express.json()`, has made of a body that it has read. */
interface Parsed {
  readonly body?: unknown;
}

async function bodyOf(
  request: IncomingMessage & Parsed,
  limit: number,
): Promise<string | undefined> {
  if (request.readableEnded && request.body !== undefined) {
    const text = textOf(request.body);
    return Buffer.byteLength(text) > limit ? undefined : text;
  }
  const chunks: Uint8Array[] = [];
  let size = Number(request.headers['content-length'] ?? 0);
  if (size > limit) {
    return undefined;
  }
  size = 0;
  // The connection stays: the answer goes over it.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    chunks.push(chunk as Uint8Array);
    size += (chunk as Uint8Array).length;
    if (size > limit) {
      return undefined;
    }
  }
  return Buffer.concat(chunks).toString();
}

function textOf(body: unknown): string {
  if (typeof body === 'string') {
    return body;
  }
  return body instanceof Uint8Array ? Buffer.from(body).toString() : JSON.stringify(body);
}

export function send({ status, headers, body }: Answer, response: ServerResponse): void {
  response.writeHead(status, headers);
  if (typeof body === 'function') {
    response.flushHeaders();
    body(sinkOf(response));
  } else {
    response.end(body);
  }
}

function sinkOf(response: ServerResponse): Sink {
  return {
    write: (text) => response.write(text),
    onDrain: (callback) => response.once('drain', callback),
    onClose(callback) {
      if (response.destroyed) {
        callback();
      } else {
        response.once('close', callback);
      }
    },
    end: () => response.end(),
  };
}
