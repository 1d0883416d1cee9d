import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import {
  type ChildSpec,
  childSpec as createChildSpec,
  GenServer,
  noreply,
  ok,
  type Pid,
  type Process,
  reply,
  send,
  sendAfter,
} from '@reprise/actor';
import { ServerSentEvent } from '@reprise/sse';

import { type Fault, faultIn } from './faults.ts';
import { History } from './history.ts';
import { type Counters, Machine } from './machine.ts';

/** How many events are kept for readers that reconnect: those of 150 s. */
const historySize = 300;

interface State {
  readonly url: string;
  readonly machine: Machine;
  readonly history: History;
  readonly readers: Set<ServerResponse>;
  second: number;
  isRefusing: boolean;
}

type Message =
  | { readonly type: 'tick' }
  | {
      readonly type: 'request';
      readonly request: IncomingMessage;
      readonly response: ServerResponse;
    };

const tick: Message = { type: 'tick' };

/**
 * An HTTP server on a free port of this machine: it sends the machine's counters every second, and
 * plays a fault now and then (see `faults.ts`).
 */
const feed = GenServer.define({
  init: async (_: undefined, self) => {
    const pid = self.pid as Pid<Message>;
    const server = createServer((request, response) => {
      send(pid, { type: 'request', request, response });
    });
    self.signal.addEventListener('abort', () => {
      server.close();
      server.closeAllConnections();
    });
    sendAfter(pid, tick, 1000);
    return ok(createState(await listen(server)));
  },
  handleCall: { url: (_: undefined, state) => reply(state.url, state) },
  handleInfo: (message: Message, state, self) => {
    if (message.type === 'request') {
      answer(state, message.request, message.response);
    } else {
      sendAfter(self.pid, tick, 1000);
      state.second += 1;
      commit(state, faultIn(state.second));
      publish(state, state.machine.read());
    }
    return noreply(state);
  },
});

export type Feed = GenServer.Server<{ readonly url: UrlCall }, unknown>;

interface UrlCall {
  readonly payload: undefined;
  readonly reply: string;
}

/** Resolves once the server listens. */
export function startLink(parent: Process): Promise<Feed> {
  return GenServer.startLink(parent, feed, undefined);
}

export function childSpec(): ChildSpec<'feed', Feed> {
  return createChildSpec(startLink, { id: 'feed' });
}

/** The URL of the server. */
export function url(server: Feed): Promise<string> {
  return GenServer.call(server, 'url');
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

function createState(address: string): State {
  const machine = new Machine();
  // The first reading is the beginning of the first interval.
  machine.read();
  return {
    url: address,
    machine,
    history: new History(historySize),
    readers: new Set(),
    second: 0,
    isRefusing: false,
  };
}

function answer(state: State, { headers }: IncomingMessage, response: ServerResponse): void {
  if (state.isRefusing) {
    state.isRefusing = false;
    response.writeHead(503, { 'retry-after': '1' }).end();
    return;
  }
  response.writeHead(200, {
    'content-type': ServerSentEvent.mimeType,
    'cache-control': 'no-store',
  });
  response.flushHeaders();
  write(response, state.history.after(String(headers['last-event-id'] ?? '')));
  state.readers.add(response);
}

function commit(state: State, fault: Fault | undefined): void {
  if (fault === 'drop' || fault === 'refuse') {
    for (const reader of state.readers) {
      reader.destroy();
    }
  }
  if (fault !== undefined) {
    state.readers.clear();
  }
  state.isRefusing ||= fault === 'refuse';
}

function publish({ history, readers }: State, counters: Counters): void {
  const events = Object.entries(counters).map(([type, value]) =>
    history.add(type, JSON.stringify(value)),
  );
  for (const reader of readers) {
    if (reader.destroyed || reader.writableNeedDrain) {
      // Gone, or too slow: it gets the rest when it reconnects.
      reader.destroy();
      readers.delete(reader);
    } else {
      write(reader, events);
    }
  }
}

function write(reader: ServerResponse, events: readonly ServerSentEvent[]): void {
  if (events.length > 0) {
    reader.write(events.map(ServerSentEvent.serialize).join(''));
  }
}
