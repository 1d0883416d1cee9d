import { once } from 'node:events';
import { createServer } from 'node:http';

import { ExitError, noproc } from '@reprise/actor';
import { SseClient } from '@reprise/sse';

/** A client of a server of its own, as a child spec. */
export async function client(handle) {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: hello\n\n');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${server.address().port}/`;
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { spec: SseClient.resilient({ id: 'feed', url, handle }), close };
}

/** An error of the copy of @reprise/actor that this library has. */
export function noSuchProcess() {
  return new ExitError(noproc);
}
