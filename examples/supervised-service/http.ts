import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { type ChildSpec, GenServer, noreply, ok, trapExit } from '@reprise/actor';

export interface HttpOptions {
  readonly port: number;
  /** The answer to `GET /health`. */
  readonly health: () => unknown;
  /** Called for `POST /crash/PATH`, after the response. */
  readonly crash: (path: readonly string[]) => void;
}

/**
 * An HTTP server as a process: it listens once `init` is done, and its port is free again once it
 * has ended.
 */
const http = GenServer.define({
  init: async (options: HttpOptions, self) => {
    trapExit(self, true);
    const server = createServer((request, response) => {
      answer(request, response, options);
    });
    server.listen(options.port, '127.0.0.1');
    await once(server, 'listening', { signal: self.signal });
    console.log(`listening on ${(server.address() as AddressInfo).port}`);
    return ok(server);
  },
  handleInfo: (_: unknown, server) => noreply(server),
  terminate: (_reason, server) => {
    console.log('stopping http');
    server.close();
    server.closeAllConnections();
  },
});

export function childSpec(options: HttpOptions): ChildSpec<'http'> {
  return GenServer.childSpec(http, options, { id: 'http' });
}

function answer(request: IncomingMessage, response: ServerResponse, options: HttpOptions): void {
  const [command, ...path] = (request.url ?? '').split('/').filter((part) => part !== '');
  if (request.method === 'GET' && command === 'health') {
    response.setHeader('content-type', 'application/json').end(JSON.stringify(options.health()));
  } else if (request.method === 'POST' && command === 'crash') {
    response.writeHead(202).end(() => {
      options.crash(path);
    });
  } else {
    response.writeHead(404).end();
  }
}
