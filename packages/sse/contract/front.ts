import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

import {
  type ChildSpec,
  DynamicSupervisor,
  GenServer,
  isAlive,
  name,
  noreply,
  ok,
  type System,
  trapExit,
} from '@reprise/actor';

import { childSpec as clientSpec, type ClientPid, restart } from './client.ts';
import { readCommand, readParameters } from './parameters.ts';

export interface FrontOptions {
  /** A port of 127.0.0.1; 0 for any free one. */
  readonly port: number;
  /** Ends the program; called after the harness has its answer. */
  readonly stop: () => void;
}

/** The supervisor of the clients. */
export const clients = name<DynamicSupervisor.Pid>('clients');

/** The HTTP server for the harness, as a process. */
export function childSpec(options: FrontOptions): ChildSpec<'front'> {
  return GenServer.childSpec(front, options, { id: 'front' });
}

const front = GenServer.define({
  init: async ({ port, stop }: FrontOptions, self) => {
    trapExit(self, true);
    const routes = new Routes(self.system, stop);
    const server = createServer((request, response) => {
      void respond(routes, request, response);
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening', { signal: self.signal });
    console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    return ok(server);
  },
  handleInfo: (_: unknown, server) => noreply(server),
  terminate: (_reason, server) => {
    server.close();
    server.closeAllConnections();
  },
});

/** All capabilities of the protocol but one, that types of events have to be announced. */
const capabilities = [
  'bom',
  'comments',
  'headers',
  'last-event-id',
  'post',
  'read-timeout',
  'report',
  'restart',
  'server-directed-shutdown-request',
];

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Called once the answer is sent. */
  readonly after?: () => void;
}

const refused = (message: string): Answer => ({ status: 400, body: message });
const notFound: Answer = { status: 404, body: 'Expected / or the path of a client' };
const done: Answer = { status: 204 };

async function respond(
  routes: Routes,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { status, headers = {}, body = '', after } = await routes.answer(request).catch(brokenBy);
  response.writeHead(status, headers).end(body, after);
}

function brokenBy(error: unknown): Answer {
  return { status: 500, body: String(error) };
}

/** The requests of a harness, and its clients. */
class Routes {
  readonly #system: System;
  readonly #stop: () => void;
  /** A client that has ended stays until the harness deletes it. */
  readonly #clients = new Map<string, ClientPid>();
  #started = 0;

  constructor(system: System, stop: () => void) {
    this.#system = system;
    this.#stop = stop;
  }

  async answer(request: IncomingMessage): Promise<Answer> {
    // Harnesses append paths to a base URL, which may end with a slash.
    const [folder, id = '', ...rest] = (request.url ?? '').split('/').filter((part) => part !== '');
    const method = request.method ?? '';
    if (folder === undefined) {
      return this.#service(method, request);
    }
    const pid = folder === 'clients' && rest.length === 0 ? this.#clients.get(id) : undefined;
    return pid === undefined ? notFound : this.#client(method, request, id, pid);
  }

  async #service(method: string, request: IncomingMessage): Promise<Answer> {
    switch (method) {
      case 'GET':
        return {
          status: 200,
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ name: 'reprise', capabilities }),
        };
      case 'POST':
        return this.#start(await text(request));
      case 'DELETE':
        return { ...done, after: this.#stop };
      default:
        return { status: 405, headers: { allow: 'GET, POST, DELETE' } };
    }
  }

  async #client(
    method: string,
    request: IncomingMessage,
    id: string,
    pid: ClientPid,
  ): Promise<Answer> {
    switch (method) {
      case 'POST':
        return this.#tell(pid, await text(request));
      case 'DELETE':
        this.#clients.delete(id);
        await DynamicSupervisor.terminateChild(clients.in(this.#system), pid);
        return done;
      default:
        return { status: 405, headers: { allow: 'POST, DELETE' } };
    }
  }

  async #start(json: string): Promise<Answer> {
    const read = readParameters(json);
    if (read.type === 'refused') {
      return refused(read.message);
    }
    this.#started += 1;
    const id = String(this.#started);
    const spec = clientSpec(`client ${id}`, read.value);
    const pid = await DynamicSupervisor.startChild(clients.in(this.#system), spec);
    this.#clients.set(id, pid as ClientPid);
    return { status: 201, headers: { location: `/clients/${id}` } };
  }

  #tell(pid: ClientPid, json: string): Answer {
    const read = readCommand(json);
    if (read.type === 'refused') {
      return refused(read.message);
    }
    if (!isAlive(pid)) {
      return notFound;
    }
    // `listen` needs no action: every type of event is delivered.
    if (read.value.command === 'restart') {
      restart(pid);
    }
    return done;
  }
}
