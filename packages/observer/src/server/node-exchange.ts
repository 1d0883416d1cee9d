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

async function bodyOf(request: IncomingMessage, limit: number): Promise<string | undefined> {
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
