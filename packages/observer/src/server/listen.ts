import { once } from 'node:events';
import { createServer, type RequestListener, type Server, STATUS_CODES } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

import { securityHeaders } from './security-headers.ts';

/** A server with limits: the program around it must not notice its visitors. */
export function createLimited(listener: RequestListener): Server {
  const limits = {
    maxHeaderSize: 16_384,
    requestTimeout: 15_000,
    keepAliveTimeout: 5000,
    // The gate refuses a request without one: an answer of Node.js has not the headers of all.
    requireHostHeader: false,
  };
  const server = createServer(limits, listener);
  server.on('clientError', refuse);
  server.on('checkExpectation', (_request, response) => {
    response.writeHead(417, { ...securityHeaders, connection: 'close' }).end();
  });
  server.headersTimeout = 10_000;
  server.maxConnections = 100;
  return server;
}

/** Answers what is no request, as Node.js does, with the headers that all answers have. */
function refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const status = statuses[error.code ?? ''] ?? 400;
  const headers = { ...securityHeaders, connection: 'close', 'content-length': '0' };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n`);
}

const statuses: Readonly<Record<string, number>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  HPE_HEADER_OVERFLOW: 431,
};

/**
 * Listens on the first of these ports that is free, and resolves with the address.
 * @throws the error of the last one
 */
export async function listen(
  server: Server,
  host: string,
  ports: readonly number[],
): Promise<AddressInfo> {
  const [port, ...others] = ports;
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    if (others.length === 0) {
      throw error;
    }
    return listen(server, host, others);
  }
  // Nobody's program goes on for the observer alone.
  server.unref();
  return server.address() as AddressInfo;
}

const countOfPorts = 10;

/** The ports to try: the one that was used before, then ten in a row. 0 is any that is free. */
export function portsFrom(first: number, before: number | undefined): readonly number[] {
  const row = Array.from({ length: first === 0 ? 1 : countOfPorts }, (_, n) => first + n);
  const known = row.filter((port) => port <= 65_535 && port !== before);
  return before === undefined ? known : [before, ...known];
}
