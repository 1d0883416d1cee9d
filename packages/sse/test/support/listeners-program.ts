/**
 * `node --conditions=@reprise/source listeners-program.ts`: functions of a user's that fail, by an
 * exception or by a promise, while their streams go on. A line of JSON for each tells where the
 * failure was told, and the further course of the stream.
 */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as macrotask } from 'node:timers/promises';

import { createSystem, GenServer, noreply, ok, type System } from '@reprise/actor';

import { EventSource } from '../../src/eventsource.ts';
import { guarded } from '../../src/fetch.ts';
import { events, type ServerSentEvent, SseClient } from '../../src/index.ts';
import { McpListener } from '../../src/mcp.ts';
import { chaos, inOrder } from '../../src/testing.ts';

/**
 * One result: each failure that was told, by its place, and the view of the rest of the program.
 */
export interface Told {
  readonly name: string;
  readonly how: 'throws' | 'rejects';
  readonly told: readonly string[];
  readonly outcome: unknown;
}

type Case = (fail: () => never, system: System) => Promise<unknown>;

const told: string[] = [];
const tell =
  (place: string) =>
  (error: unknown): void => {
    told.push(`${place}: ${String(error instanceof Error ? error.message : error)}`);
  };
process.on('uncaughtException', tell('uncaught'));
process.on('unhandledRejection', tell('unhandled'));
process.on('warning', tell('warning'));
const log = (details: object, message: string): void => {
  tell('logged')('state' in details ? `${message}, state ${String(details.state)}` : message);
};
const logger = { error: log, warn: log };

async function serve(answer: RequestListener): Promise<{ url: string } & AsyncDisposable> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, resolve));
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}/`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const eventStream = { 'content-type': 'text/event-stream' };
const twoEvents: RequestListener = (_request, response) => {
  response.writeHead(200, eventStream).end('id: 1\ndata: a\n\nid: 2\ndata: end\n\n');
};

/** The data of the events that a client with these options handles, and the reason of its end. */
async function handledBy(system: System, options: object): Promise<unknown> {
  await using server = await serve(twoEvents);
  const data: string[] = [];
  const ended = Promise.withResolvers<void>();
  const spec = SseClient.resilient({
    id: 'client',
    url: server.url,
    minDelay: 1,
    until: (event) => event.data === 'end',
    handle: (event, { signal }) => {
      data.push(event.data);
      signal.addEventListener('abort', () => {
        ended.resolve();
      });
    },
    ...options,
  });
  await spec.start(system);
  await Promise.race([ended.promise, system.whenExited]);
  return data;
}

async function readBy(options: object): Promise<unknown> {
  await using server = await serve(twoEvents);
  const data: string[] = [];
  const until = ({ data: text }: ServerSentEvent): boolean => text === 'end';
  for await (const event of events(server.url, { until, ...options })) {
    data.push(event.data);
  }
  return data;
}

async function fetchedBy(options: object): Promise<unknown> {
  await using server = await serve(({ url }, response) => {
    if (url === '/') {
      response.writeHead(307, { location: '/next' }).end();
    } else {
      response.writeHead(200, eventStream).end('data: a\n\n');
    }
  });
  return (await guarded(options)(server.url)).text();
}

async function heardBy(listen: (source: EventSource) => void): Promise<unknown> {
  await using server = await serve((_request, response) => {
    response.writeHead(200, eventStream).write('data: a\n\ndata: b\n\n');
  });
  const source = new EventSource(server.url);
  listen(source);
  await new Promise((resolve) => {
    source.addEventListener('message', (event) => {
      if (event.data === 'b') {
        resolve(undefined);
      }
    });
  });
  source.close();
  return 'b';
}

async function listenedBy(system: System, onStatus: () => unknown): Promise<unknown> {
  const message = (method: string): string => `data: {"jsonrpc":"2.0","method":"${method}"}\n\n`;
  await using server = await serve((_request, response) => {
    const acknowledged = `data: ${JSON.stringify({
      jsonrpc: '2.0',
      method: 'notifications/subscriptions/acknowledged',
      params: { notifications: { toolsListChanged: true } },
    })}\n\n`;
    response
      .writeHead(200, eventStream)
      .write(acknowledged + message('notifications/tools/list_changed'));
  });
  const handled = Promise.withResolvers<string>();
  const listener = await McpListener.start(system, {
    url: server.url,
    clientInfo: { name: 'test', version: '1' },
    notifications: { toolsListChanged: true },
    handle: ({ method }) => {
      handled.resolve(method);
    },
    reread: () => undefined,
    onStatus,
  });
  const method = await handled.promise;
  await SseClient.stop(listener);
  return method;
}

async function playedBy(options: object): Promise<unknown> {
  await using server = await chaos({ plan: inOrder([]), eventsPerSecond: 0, ...options });
  const stream = server.stream('prices');
  stream.produce(1);
  for await (const { lastEventId } of events(stream.url, { maxAttempts: 1 })) {
    return lastEventId;
  }
  return undefined;
}

const failed = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'no failure',
    (error: unknown) => [error, (error as Error).cause].map(String).join(' < '),
  );

const cases: Readonly<Record<string, Case>> = {
  'onStatus of a client': (fail, system) => handledBy(system, { onStatus: fail }),
  'onStatus of a listener': (fail, system) => listenedBy(system, fail),
  'onStatus of events': (fail) => readBy({ onStatus: fail }),
  'onStatus of events in a process': (fail, system) => readBy({ onStatus: fail, parent: system }),
  'onStatus of guarded': (fail) => fetchedBy({ onStatus: fail }),
  'onEntry of chaos': (fail) => playedBy({ onEntry: fail }),
  'onmessage of an EventSource': (fail) =>
    heardBy((source) => {
      source.onmessage = fail;
    }),
  'a function as a listener': (fail) =>
    heardBy((source) => {
      source.addEventListener('message', fail);
    }),
  'an object as a listener': (fail) =>
    heardBy((source) => {
      source.addEventListener('message', { handleEvent: fail });
    }),
  'close of a store': (fail, system) => {
    const store = Object.assign(new Map<string, string>(), { close: fail });
    return handledBy(system, { cursor: { store } });
  },
  'open of a store': (fail, system) => {
    const store = Object.assign(new Map<string, string>(), { open: fail });
    return failed(handledBy(system, { cursor: { store } }));
  },
  'until of a client': (fail, system) => handledBy(system, { until: fail }),
  'renew of a client': (fail, system) => handledBy(system, { renew: fail }),
  'gapOf of a client': (fail, system) => handledBy(system, { gapOf: fail }),
  'cursorOf of a client': (fail, system) => handledBy(system, { cursorOf: fail }),
  'mark of a client': (fail, system) => {
    const recovery = { mark: fail, handledSince: () => [] };
    return handledBy(system, { cursor: { store: new Map<string, string>(), recovery } });
  },
  'contentType of a client': (fail, system) =>
    handledBy(system, { contentType: fail, maxAttempts: 1 }),
  'classify of a client': (fail, system) =>
    handledBy(system, { until: undefined, classify: fail, maxAttempts: 1 }),
  'contentType of guarded': (fail) => failed(fetchedBy({ contentType: fail })),
  'redirectDelay of guarded': (fail) => failed(fetchedBy({ redirectDelay: fail })),
  'until of guarded': (fail) => failed(fetchedBy({ until: fail })),
  'plan of chaos': (fail) => failed(playedBy({ plan: fail })),
  'formatStatus of a server': async (fail, system) => {
    const server = await GenServer.start(
      system,
      GenServer.define({
        init: () => ok(0),
        handleCast: {
          crash: () => {
            throw new Error('crash');
          },
          ask: (_payload: undefined, state) => noreply(state),
        },
        formatStatus: fail as () => unknown,
      }),
      undefined,
    );
    GenServer.cast(server, 'crash');
    await GenServer.stop(server).catch(() => undefined);
    return 'crashed';
  },
};

const only = process.argv[2];
for (const [name, run] of Object.entries(cases)) {
  for (const how of ['throws', 'rejects'] as const) {
    if (only === undefined || name.startsWith(only)) {
      const fail = (): never => {
        const error = new Error('mine');
        if (how === 'throws') {
          throw error;
        }
        return Promise.reject(error) as never;
      };
      const system = createSystem({ logger, slowCallback: Infinity });
      const outcome = await run(fail, system);
      await system.stop();
      for (let turn = 0; turn < 5; turn += 1) {
        await macrotask();
      }
      console.log(JSON.stringify({ name, how, told: told.splice(0), outcome } satisfies Told));
    }
  }
}
