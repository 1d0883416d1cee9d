// A program as a user writes it: a client under a supervisor feeds a server, is killed, and comes
// back.
import { deepEqual } from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import {
  createSystem,
  exit,
  GenServer,
  kill,
  noreply,
  ok,
  reply,
  Supervisor,
} from '@reprise/actor';
import { SseClient } from '@reprise/sse';

let requests = 0;
const http = createServer((_, response) => {
  requests += 1;
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(`data: event of request ${requests}\n\n`);
}).listen(0, '127.0.0.1');
await once(http, 'listening');
const { port } = http.address() as AddressInfo;

type Events = readonly string[];

const store = GenServer.define({
  init: () => ok<Events>([]),
  handleCall: { all: (_: void, events: Events) => reply(events, events) },
  handleCast: { add: (data: string, events: Events) => noreply([...events, data]) },
});

const system = createSystem();
const server = await GenServer.start(system, store, undefined);
let handled: () => void = () => {};
const nextEvent = (): Promise<void> =>
  new Promise((resolve) => {
    handled = resolve;
  });

const first = nextEvent();
const supervisor = await Supervisor.startLink(system, {
  strategy: 'oneForOne',
  children: [
    SseClient.resilient({
      id: 'feed',
      url: `http://127.0.0.1:${port}/`,
      handle: ({ data }) => {
        GenServer.cast(server, 'add', data);
        handled();
      },
    }),
  ],
});
await first;
const second = nextEvent();
const [client] = await Supervisor.whichChildren(supervisor);
if (client?.pid === undefined || client.pid === 'restarting') {
  throw new Error('Expected the client to run');
}
exit(system, client.pid, kill);
await second;
deepEqual(await GenServer.call(server, 'all'), ['event of request 1', 'event of request 2']);

await system.stop();
http.closeAllConnections();
http.close();
