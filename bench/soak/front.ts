import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';

const fixtures = new URL('../../packages/sse/test/fixtures/localhost.', import.meta.url);
const read = (name: string): string => readFileSync(new URL(`${fixtures.href}${name}.pem`), 'utf8');

/** The certificate of the front, for its clients. */
export const certificate: string = read('cert');

/** How the front encodes a body: as the path `/CODING/STREAM` says. */
const encoders: Readonly<Record<string, () => Transform>> = {
  br: () => zlib.createBrotliCompress({ flush: zlib.constants.BROTLI_OPERATION_FLUSH }),
  zstd: () => createZstdCompress({ flush: zstdFlush }),
};

// Newer than the Node whose types the repository compiles against.
const { createZstdCompress } = zlib as unknown as {
  readonly createZstdCompress: (options: { readonly flush: number }) => Transform;
};
const { ZSTD_e_flush: zstdFlush = 1 } = zlib.constants as { readonly ZSTD_e_flush?: number };

/** A server in front of another: TLS, HTTP/2 or HTTP/1.1 as the client likes, and compression. */
export interface Front {
  readonly url: string;
  close(): void;
}

export async function startFront(target: string): Promise<Front> {
  const server = createSecureServer(
    { allowHTTP1: true, cert: certificate, key: read('key') },
    (asked, answer) => {
      pass(target, asked, answer);
    },
  );
  // A client may break off at any time.
  server.on('sessionError', () => undefined).on('tlsClientError', () => undefined);
  const sessions = new Set<{ destroy(): void }>();
  server.on('connection', (socket) => sessions.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}/`,
    close: () => {
      server.close();
      sessions.forEach((socket) => {
        socket.destroy();
      });
    },
  };
}

/** Passes a request on, and its response back; a break of one side breaks the other. */
function pass(target: string, asked: Http2ServerRequest, answer: Http2ServerResponse): void {
  const [, coding = '', stream = coding] = asked.url.split('/');
  const own = Object.entries(asked.headers).filter(
    ([name]) => !/^:|^(connection|host|te)$/.test(name),
  );
  const upstream = request(new URL(stream, target), {
    method: asked.method,
    headers: Object.fromEntries(own),
    agent: false,
  });
  const fail = (): void => {
    upstream.destroy();
    breakOff(answer);
  };
  upstream.on('error', fail);
  answer.on('close', () => upstream.destroy());
  answer.on('error', fail);
  upstream.once('response', (response) => {
    response.on('error', fail).on('aborted', fail);
    send(response, encoders[coding], answer, coding);
  });
  upstream.end();
}

function send(
  response: IncomingMessage,
  encoder: (() => Transform) | undefined,
  answer: Http2ServerResponse,
  coding: string,
): void {
  const { statusCode = 502, headers } = response;
  const isPlain = encoder === undefined || headers['content-encoding'] !== undefined;
  const kept = Object.entries(headers).filter(
    ([name]) => !/^(connection|keep-alive|transfer-encoding|content-length)$/.test(name),
  );
  answer.writeHead(statusCode, {
    ...Object.fromEntries(kept),
    ...(isPlain ? {} : { 'content-encoding': coding }),
  });
  if (isPlain) {
    response.pipe(answer);
  } else {
    const encoded = encoder().on('error', () => {
      breakOff(answer);
    });
    response.pipe(encoded).pipe(answer);
  }
}

function breakOff(answer: Http2ServerResponse): void {
  // Of HTTP/1.1 it is a response of `node:http`.
  const { stream } = answer as Partial<Http2ServerResponse>;
  if (stream === undefined) {
    (answer as unknown as { destroy(): void }).destroy();
  } else {
    stream.destroy();
  }
}
