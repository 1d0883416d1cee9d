// A client of @reprise/sse in a system and under a supervisor of @reprise/actor.
import { once } from 'node:events';
import { createServer } from 'node:http';

import { createSystem, Supervisor } from '@reprise/actor';
import { SseClient } from '@reprise/sse';

const server = createServer((_, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write('id: 1\ndata: hello\n\n');
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const system = createSystem();
const handled = Promise.withResolvers();
const client = SseClient.resilient({
  id: 'feed',
  url: `http://127.0.0.1:${server.address().port}/`,
  handle: (event) => handled.resolve(event.data),
});
const app = await Supervisor.startLink(system, { strategy: 'oneForOne', children: [client] });
const data = await handled.promise;
const { state } = SseClient.status(Supervisor.child(app, 'feed'));
console.log(data, state);
await system.stop();
server.closeAllConnections();
server.close();
