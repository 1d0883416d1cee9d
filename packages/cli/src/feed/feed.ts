import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import {
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

/** How many events are kept for readers that come back: 100 s of them. */
const kept = 300;

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
 * A real HTTP server on a free port of this machine: every second it sends the machine's counters,
 * and now and then it does what servers do (see `faults.ts`).
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

/** Resolves once it listens. */
export function startLink(parent: Process<never>): Promise<Feed> {
  return GenServer.startLink(parent, feed, undefined);
}

/** Where it listens. */
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
  // What is measured between two readings has its beginning here.
  machine.read();
  return {
    url: address,
    machine,
    history: new History(kept),
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
  const events = Object.entries(counters)
    .filter(([, value]) => value !== undefined)
    .map(([type, value]) => history.add(type, JSON.stringify(value)));
  for (const reader of readers) {
    if (reader.destroyed || reader.writableNeedDrain) {
      // It is gone, or does not read: it has the rest when it comes back.
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
