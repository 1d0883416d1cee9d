import { randomUUID } from 'node:crypto';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';

import { toNodeHandler } from '@modelcontextprotocol/node';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import {
  type EventStore,
  StreamableHTTPServerTransport,
} from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { type JSONRPCMessage, SubscribeRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import {
  createMcpHandler,
  type CreateMcpHandlerOptions,
  type McpHttpHandler,
  McpServer,
} from '@modelcontextprotocol/server';

import { listen, type TestServer } from './servers.ts';
import type { Exchange } from './stage.ts';

const info = { name: 'test', version: '1' };
const capabilities = {
  tools: { listChanged: true },
  resources: { listChanged: true, subscribe: true },
};

/** The server of the SDK for the modern revision. */
export interface ModernServer extends TestServer {
  readonly notify: McpHttpHandler['notify'];
  /** Ends all streams in good order, as a server that shuts down does. */
  closeGracefully(): Promise<void>;
}

export async function serveModern(
  options: CreateMcpHandlerOptions & { readonly port?: number } = {},
): Promise<ModernServer> {
  const { port, ...given } = options;
  const handler = createMcpHandler(() => new McpServer(info, { capabilities }), {
    legacy: 'reject',
    keepAliveMs: 0,
    ...given,
  });
  const nodeServer = createServer(toNodeHandler(handler) as RequestListener);
  const server = await listen(nodeServer, 'http:', port);
  return { ...server, notify: handler.notify, closeGracefully: () => handler.close() };
}

/** The server of the SDK for the revisions with sessions. */
export interface LegacyServer extends TestServer {
  /** The sessions that are open, by id. */
  readonly sessions: ReadonlyMap<string, Server>;
  /** Every URI that was subscribed to. */
  readonly subscribed: readonly string[];
  /** Forgets all sessions, as a restart does. */
  forget(): void;
}

interface LegacyOptions {
  readonly port?: number;
  /** Whether its streams can be resumed. Default: true. */
  readonly isResumable?: boolean;
  /** Whether a request is answered by JSON rather than by events. */
  readonly enableJsonResponse?: boolean;
  /** In ms: the `retry` of a stream that the server closes. */
  readonly retryInterval?: number;
  /** The status for a session that it does not know. Default: 404. */
  readonly unknownSession?: number;
}

export async function serveLegacy(options: LegacyOptions = {}): Promise<LegacyServer> {
  const { port, isResumable = true, unknownSession = 404, ...given } = options;
  const sessions = new Map<string, Server>();
  const transports = new Map<string, StreamableHTTPServerTransport>();
  const subscribed: string[] = [];
  const open = async (): Promise<StreamableHTTPServerTransport> => {
    const session = new Server(info, { capabilities });
    session.setRequestHandler(SubscribeRequestSchema, ({ params }) => {
      subscribed.push(params.uri);
      return {};
    });
    const transport = new StreamableHTTPServerTransport({
      ...given,
      keepAliveMs: 0,
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => {
        sessions.set(id, session);
        transports.set(id, transport);
      },
      onsessionclosed: (id) => {
        sessions.delete(id);
        transports.delete(id);
      },
      ...(isResumable ? { eventStore: new Store() } : {}),
    });
    await session.connect(transport as Parameters<Server['connect']>[0]);
    return transport;
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const id = request.headers['mcp-session-id'];
    const transport = id === undefined ? await open() : transports.get(String(id));
    if (transport === undefined) {
      response.writeHead(unknownSession).end();
    } else {
      await transport.handleRequest(request, response);
    }
  };
  const server = createServer((request, response) => void answer(request, response));
  return {
    ...(await listen(server, 'http:', port)),
    sessions,
    subscribed,
    forget() {
      sessions.clear();
      transports.clear();
    },
  };
}

/** The events of all streams of a session, to be sent again. */
class Store implements EventStore {
  readonly #events: { readonly streamId: string; readonly message: JSONRPCMessage }[] = [];

  async storeEvent(streamId: string, message: JSONRPCMessage): Promise<string> {
    return String(this.#events.push({ streamId, message }));
  }

  async replayEventsAfter(
    lastEventId: string,
    { send }: { readonly send: (id: string, message: JSONRPCMessage) => Promise<void> },
  ): Promise<string> {
    const last = Number(lastEventId);
    const streamId = this.#events[last - 1]?.streamId ?? '';
    for (const [index, event] of this.#events.entries()) {
      if (index >= last && event.streamId === streamId) {
        await send(String(index + 1), event.message);
      }
    }
    return streamId;
  }
}

/** The message of a request to a stage. */
export function bodyOf({ body }: Pick<Exchange, 'body'>): {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
} {
  return JSON.parse(body);
}

/** A notification as an event. */
export function notification(method: string, params: object = {}, id = ''): string {
  const data = JSON.stringify({ jsonrpc: '2.0', method, params });
  return `${id === '' ? '' : `id: ${id}\n`}data: ${data}\n\n`;
}

/** Answers a request to listen as a server does that offers the tools. */
export function acknowledge(exchange: Exchange): void {
  const notifications = { toolsListChanged: true };
  exchange.stream(notification('notifications/subscriptions/acknowledged', { notifications }));
}

/** Answers `initialize` as a server with everything does; without a session id if it is empty. */
export function initialized(
  { response, body }: Exchange,
  sessionId: string,
  protocolVersion = '2025-11-25',
): void {
  const result = { protocolVersion, capabilities, serverInfo: info };
  response.writeHead(200, {
    'content-type': 'application/json',
    ...(sessionId === '' ? {} : { 'mcp-session-id': sessionId }),
  });
  response.end(JSON.stringify({ jsonrpc: '2.0', id: bodyOf({ body }).id, result }));
}
