import type { ChildOptions, ChildSpec, GenServer, Pid, Process } from '@reprise/actor';
import { assertKnownKeys, childKeys, startKeys } from '@reprise/actor/options';

import {
  childSpec as clientSpec,
  start as startClient,
  startLink as startLinkedClient,
} from '../client/client.ts';
import { listenerClient } from './behaviour.ts';
import { assertListener, type Listener } from './options.ts';

export type { McpFailure } from './failure.ts';
export type { ChangeNotification, SubscriptionFilter } from './filter.ts';
export type { Listener, ListenerStatus, RereadReason } from './options.ts';

/**
 * Starts a listener that is not linked to `parent`. Resolves with its pid before it listens.
 * `SseClient.status` tells its state, and `SseClient.stop` ends it, with its session.
 * @throws (rejects) TypeError or RangeError for a listener that can never work, such as one that
 * asks for no notification; as `GenServer.start`.
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/subscriptions
 * @example
 * ```ts
 * import { createSystem, SseClient } from '@reprise/sse';
 * import { McpListener } from '@reprise/sse/mcp';
 *
 * const system = createSystem();
 * const listener = await McpListener.start(system, {
 *   url: 'http://127.0.0.1:1/mcp',
 *   clientInfo: { name: 'example', version: '1.0.0' },
 *   notifications: { toolsListChanged: true },
 *   handle: ({ method }) => console.log(method),
 *   reread: (reason) => console.log('read the tools', reason),
 * });
 * console.log(SseClient.status(listener).state); // connecting
 * await SseClient.stop(listener);
 * await system.stop();
 * ```
 */
export async function start(
  parent: Process,
  listener: Listener,
  options: GenServer.StartOptions = {},
): Promise<Pid> {
  assertKnownKeys('McpListener.start', options, startKeys);
  assertListener(listener);
  return startClient(parent, listenerClient, listener, options);
}

/**
 * Starts a listener that is linked to `parent`. Resolves as `start`.
 * @throws (rejects) as `start`
 * @example
 * ```ts
 * import { createServer, type RequestListener } from 'node:http';
 * import type { AddressInfo } from 'node:net';
 *
 * import { toNodeHandler } from '@modelcontextprotocol/node';
 * import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
 * import { createSystem } from '@reprise/sse';
 * import { McpListener } from '@reprise/sse/mcp';
 *
 * const capabilities = { tools: { listChanged: true } };
 * const mcp = createMcpHandler(
 *   () => new McpServer({ name: 'server', version: '1.0.0' }, { capabilities }),
 * );
 * const server = createServer(toNodeHandler(mcp) as RequestListener);
 * await new Promise<void>((resolve) => server.listen(0, resolve));
 *
 * const system = createSystem();
 * const handled = Promise.withResolvers<string>();
 * await McpListener.startLink(system, {
 *   url: `http://localhost:${(server.address() as AddressInfo).port}/mcp`,
 *   clientInfo: { name: 'example', version: '1.0.0' },
 *   notifications: { toolsListChanged: true },
 *   handle: ({ method }) => handled.resolve(method),
 *   reread: (reason) => {
 *     console.log(reason); // started
 *     mcp.notify.toolsChanged();
 *   },
 * });
 * console.log(await handled.promise); // notifications/tools/list_changed
 * await system.stop();
 * server.closeAllConnections();
 * server.close();
 * ```
 */
export async function startLink(
  parent: Process,
  listener: Listener,
  options: GenServer.StartOptions = {},
): Promise<Pid> {
  assertKnownKeys('McpListener.startLink', options, startKeys);
  assertListener(listener);
  return startLinkedClient(parent, listenerClient, listener, options);
}

/**
 * The spec of a child that is a listener. A restarted listener begins anew: its `reread` is called
 * with `started`.
 * @throws TypeError or RangeError as `start`, and for an option of `ChildOptions` that cannot work.
 * @example
 * ```ts
 * import { createSystem, SseClient, Supervisor } from '@reprise/sse';
 * import { McpListener } from '@reprise/sse/mcp';
 *
 * const listener: McpListener.Listener = {
 *   url: 'http://127.0.0.1:1/mcp',
 *   clientInfo: { name: 'example', version: '1.0.0' },
 *   notifications: { resourceSubscriptions: ['file:///config.json'] },
 *   handle: ({ method }) => console.log(method),
 *   reread: (reason) => console.log('read the resource', reason),
 * };
 * const system = createSystem();
 * const app = await Supervisor.startLink(system, {
 *   strategy: 'oneForOne',
 *   children: [McpListener.childSpec(listener, { id: 'config' })],
 * });
 * console.log(SseClient.status(Supervisor.child(app, 'config')).state); // connecting
 * await system.stop();
 * ```
 */
export function childSpec<const Id extends string>(
  listener: Listener,
  options: ChildOptions<Id> & GenServer.StartOptions,
): ChildSpec<Id, Pid> {
  assertKnownKeys('McpListener.childSpec', options, { ...childKeys, ...startKeys });
  assertListener(listener);
  return clientSpec(listenerClient, listener, options);
}
