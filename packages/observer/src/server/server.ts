import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import {
  type ChildSpec,
  type ExitError,
  GenServer,
  type NoReply,
  noreply,
  ok,
  type Pid,
  type Process,
  send,
  sendAfter,
} from '@reprise/actor';

import { createApi } from './api.ts';
import { Gate } from './gate.ts';
import { hostNames } from './host-names.ts';
import { createLimited, listen, portsFrom } from './listen.ts';
import { Mount } from './mount.ts';
import type { ObserverOptions } from './options.ts';
import { type Api, Site } from './site.ts';

/** A server that is to be started, and what outlives a restart of it. */
export interface Setup {
  readonly options: ObserverOptions;
  /** The token that was given, or made up. */
  readonly token: string;
  /** Is told the URL, without a fragment, each time the server listens. */
  readonly announce: (url: string) => void;
  /** The port that it has listened on: links stay good after a restart. */
  port: number | undefined;
}

type Message =
  | { readonly type: 'listen' }
  | { readonly type: 'failed'; readonly error: unknown }
  | {
      readonly type: 'request';
      readonly request: IncomingMessage;
      readonly response: ServerResponse;
    };

interface State {
  readonly setup: Setup;
  readonly server: Server;
  readonly mount: Mount;
  /** The values of `Host` that name this server: known once it listens. */
  readonly hosts: Set<string>;
  readonly hasWarned: boolean;
}

const firstPort = 4141;
/** After how many ms it tries again to listen. */
const pause = 10_000;

/**
 * The child spec of the server of the page. Its start succeeds at once, and it listens when it can:
 * a port that is taken must not fail the start of the program.
 */
export function serverSpec(setup: Setup): ChildSpec<'server', Pid> {
  return GenServer.childSpec(server, setup, { id: 'server' });
}

const server = GenServer.define({
  init: (setup: Setup, self) => {
    const { options, token } = setup;
    const hosts = new Set<string>(options.hosts?.map((host) => host.toLowerCase()));
    const gate = new Gate({ hosts, origin: options.origin, who: { token } }, self.system.clock);
    const api = createApi(self.system, options, self.pid);
    const mount = new Mount(new Site(gate, api), '', (error) => {
      send(self.pid as Pid<Message>, { type: 'failed', error });
    });
    const state: State = { setup, server: serverFor(self, api), mount, hosts, hasWarned: false };
    return ok(state, { continue: 'listen' });
  },
  handleContinue: (_: 'listen', state: State, self) => open(state, self),
  handleInfo: (message: Message, state: State, self) => {
    if (message.type === 'listen') {
      return open(state, self);
    }
    if (message.type === 'failed') {
      // A fault of the observer ends its process, and the supervisor starts it anew.
      throw message.error;
    }
    void state.mount.handle(message.request, message.response);
    return noreply(state);
  },
  // The token is in the state.
  formatStatus: ({ setup: { port } }) => ({ port }),
});

/** Requests are messages: an exception at one is a crash, which the supervisor sees. */
function serverFor(self: Process, api: Api): Server {
  const pid = self.pid as Pid<Message>;
  const http = createLimited((request, response) => {
    send(pid, { type: 'request', request, response });
  });
  self.signal.addEventListener('abort', () => {
    const { reason } = self.signal.reason as ExitError;
    if (reason.type === 'shutdown') {
      api.end(reason.type);
    }
    http.close();
    http.closeAllConnections();
  });
  return http;
}

async function open(state: State, self: Process): Promise<NoReply<State>> {
  const { setup, server: http, hasWarned } = state;
  const { host = '127.0.0.1', port = firstPort } = setup.options;
  let address: AddressInfo;
  try {
    address = await listen(http, host, portsFrom(port, setup.port));
  } catch (err) {
    if (!hasWarned) {
      self.system.logger.warn({ err }, 'the observer cannot listen, and tries again every 10 s');
    }
    sendAfter(self.pid as Pid<Message>, { type: 'listen' }, pause);
    return noreply({ ...state, hasWarned: true });
  }
  opened(state, address, host);
  return noreply(state);
}

function opened({ setup, hosts }: State, address: AddressInfo, host: string): void {
  setup.port = address.port;
  const names = hostNames(address, host);
  for (const name of names) {
    hosts.add(name);
  }
  setup.announce(`http://${names[0]}/`);
}
