import { Agent } from 'node:http';
import type { RequestListener } from 'node:http';

import { describe, expect, jest, test } from '@jest/globals';
import {
  childSpec,
  type ChildSpec,
  createSystem,
  formatReason,
  type Logger,
  type Process,
  Supervisor,
  sys,
} from '@reprise/actor';

import { EventSource } from '../src/eventsource.ts';
import { events, SseClient, streamKey } from '../src/index.ts';
import { mark, Outlets, withDiagnostics } from './support/outlets.ts';
import { key as pem, serve } from './support/servers.ts';

/** Every way in which a secret can come into a request. */
const inlets = {
  method: 'POST',
  reconnect: true,
  headers: {
    authorization: `Bearer ${mark}-authorization`,
    cookie: `sid=${mark}-cookie`,
    'x-own': `${mark}-own-header`,
  },
  body: `{"client_secret":"${mark}-body","text":"${mark}-text"}`,
  tls: { key: `${pem}\n${mark}-key` },
  got: {
    https: { passphrase: `${mark}-passphrase`, pfx: `${mark}-pfx` },
    agent: { http: Object.assign(new Agent(), { credentials: `${mark}-proxy` }) },
  },
  until: () => false,
} as const satisfies Partial<SseClient.ResilientOptions>;

/** A URL with secrets in all its parts. */
function secretUrl(url: string): string {
  const withUser = url.replace('//', `//${mark}-user:${mark}-password@`);
  return `${withUser}?a=1&api_key=${mark}-query&sig=${mark}-sig#access_token=${mark}-fragment`;
}

/** Headers and a body that hold secrets, some of them the client's own. */
const answer =
  (status: number, headers: Readonly<Record<string, string>> = {}, body = ''): RequestListener =>
  ({ headers: { authorization } }, response) => {
    response.writeHead(status, {
      'set-cookie': `sid=${mark}-set-cookie`,
      'www-authenticate': `Bearer realm="${mark}-realm"`,
      'x-session': `${mark}-session`,
      ...headers,
    });
    response.write(body || `you sent ${authorization}`);
    response.end();
  };

const stream = { 'content-type': 'text/event-stream' };

/** An error as libraries throw them, with the request that failed. */
function tokenError(): Error {
  const request = { headers: { authorization: `${mark}-own-token` } };
  const cause = new TypeError(`Invalid URL: https://${mark}:${mark}@auth/?token=${mark}`);
  return Object.assign(new Error(`no token for Bearer ${mark}-token`, { cause }), {
    config: request,
    input: `https://joe:${mark}@auth/?token=${mark}`,
  });
}

const fails = (): never => {
  throw tokenError();
};

interface Case {
  readonly listener: RequestListener;
  readonly options?: Partial<SseClient.ResilientOptions>;
}

/** Every way in which a secret can come out again. */
const cases: Readonly<Record<string, Case>> = {
  'a handler that throws': {
    listener: answer(200, stream, `data: {"password":"${mark}-data"}\n\n`),
    options: { handle: fails },
  },
  'a refusal': { listener: answer(404) },
  'a refusal that asks for other credentials': { listener: answer(401) },
  'a status that is tried again': { listener: answer(503), options: { maxAttempts: 1 } },
  'no content': { listener: answer(204) },
  'another content type': { listener: answer(200, { 'content-type': `text/html; token=${mark}` }) },
  'a redirect to nowhere': {
    listener: answer(302, { location: `ftp://joe:${mark}@host/?token=${mark}` }),
  },
  'a redirect in a circle': { listener: answer(307, { location: '?' }) },
  'a stream that ends': {
    listener: answer(200, stream, 'data: 1\n\n'),
    options: { reconnect: false },
  },
  'a stream that breaks off': {
    listener: (_, response) =>
      void response.writeHead(200, stream).write('data: 1\n\n', () => response.destroy()),
    options: { reconnect: false },
  },
  'an answer that is not HTTP': {
    listener: (_, { socket }) => void socket?.end(mark),
    options: { maxAttempts: 1 },
  },
  'a function for the headers that throws': {
    listener: answer(204),
    options: { headers: fails, maxAttempts: 1 },
  },
  'a function for the URL that throws': {
    listener: answer(204),
    options: { url: fails, maxAttempts: 1 },
  },
  'a URL that cannot be requested': {
    listener: answer(204),
    options: { url: () => secretUrl('ftp://host/') },
  },
  'a header that cannot be sent': {
    listener: answer(204),
    options: { headers: () => ({ authorization: `${mark}\n` }) },
  },
};

/** The client under a supervisor, until that gives up; with a logger that gets objects. */
async function supervised(url: string, options: Case['options'], outlets: Outlets): Promise<void> {
  const log: Logger['error'] = (details, message) => {
    outlets.add('reports', details, message);
  };
  const system = createSystem({ logger: { error: log, warn: log } });
  const shown = Promise.withResolvers<void>();
  const supervisor = await Supervisor.startLink(system, {
    strategy: 'oneForOne',
    name: 'app',
    maxRestarts: 1,
    onChildExit: (exit) => {
      outlets.add('onChildExit', exit, formatReason(exit.reason));
    },
    children: [restartedAfter(shown.promise, client(url, options, outlets))],
  });
  const tree = Supervisor.tree(supervisor);
  outlets.add('tree', Supervisor.formatTree(tree));
  shown.resolve();
  // A client may have crashed already.
  const pid = tree.children[0]?.pid ?? supervisor;
  outlets.add('getStatus', await sys.getStatus(pid).catch(String));
  outlets.add('getState', await sys.getState(pid).catch(String));
  // Stopped where the client ends well, and the supervisor stays.
  const ended = await Promise.race([system.whenExited, outlets.ended.promise]);
  outlets.add('exit reason', ended, formatReason(ended));
  await system.stop();
}

/** A client that gives up at once would end its supervisor before the tree of that is shown. */
function restartedAfter(shown: Promise<void>, { id, start, restart }: ChildSpec): ChildSpec {
  let isStarted = false;
  return childSpec(
    async (parent: Process) => {
      if (isStarted) {
        await shown;
      }
      isStarted = true;
      return start(parent);
    },
    { id, restart },
  );
}

function client(
  url: string,
  options: Case['options'],
  { add, ended }: Outlets,
): ReturnType<typeof SseClient.resilient> {
  return SseClient.resilient({
    id: 'prices',
    ...inlets,
    url: secretUrl(url),
    maxAttempts: 2,
    minDelay: 1,
    maxDelay: 1,
    handle: () => undefined,
    classify: (failure, verdict) => {
      add('failures', failure);
      return verdict;
    },
    ...options,
    onStatus: (change, { self }) => {
      add('onStatus', change);
      add('status', SseClient.status(self.pid));
      // A client that does not send its request again is not restarted: the supervisor stays.
      if (change.type === 'ended' || (change.type === 'gaveUp' && options?.reconnect === false)) {
        ended.resolve({ type: 'normal' });
      }
    },
  });
}

describe('no secret of a request or a response is in anything that leaves the program', () => {
  test.each(Object.entries(cases))('after %s', async (_, { listener, options }) => {
    await using server = await serve(listener);
    const outlets = new Outlets();
    await withDiagnostics(outlets, () => supervised(server.url, options, outlets));
    const own = options?.handle === undefined ? [] : ['diagnostics', 'onChildExit'];
    expect(outlets.leaks(own)).toEqual([]);
    // All of them had something to show.
    for (const outlet of ['onStatus', 'status', 'getStatus', 'getState', 'diagnostics', 'tree']) {
      expect(outlets.texts.get(outlet)?.join('')).not.toBe('');
    }
  });

  test.each(Object.entries(cases))('after %s, on stderr', async (_, { listener, options }) => {
    await using server = await serve(listener);
    const outlets = new Outlets();
    jest.spyOn(console, 'error').mockImplementation((...values) => {
      outlets.add('stderr', ...values);
    });
    const system = createSystem();
    await Supervisor.startLink(system, {
      strategy: 'oneForOne',
      maxRestarts: 0,
      children: [client(server.url, options, outlets)],
    });
    await Promise.race([system.whenExited, outlets.ended.promise]);
    await system.stop();
    expect(outlets.leaks()).toEqual([]);
  });

  test.each(Object.entries(cases))(
    'after %s, in the errors of events',
    async (_, { listener, options = {} }) => {
      await using server = await serve(listener);
      const outlets = new Outlets();
      const { url = secretUrl(server.url), handle, ...rest } = options;
      const iterator = events(url, { ...inlets, maxAttempts: 1, ...rest });
      outlets.add('iterator', iterator);
      try {
        for await (const event of iterator) {
          await handle?.(event, {} as never);
        }
      } catch (error) {
        // The error of the handler is the program's own.
        if (handle === undefined) {
          outlets.add('error', error);
        }
      }
      expect(outlets.leaks()).toEqual([]);
    },
  );

  test('after any answer to an EventSource', async () => {
    for (const { listener } of Object.values(cases)) {
      await using server = await serve(listener);
      const outlets = new Outlets();
      const source = new EventSource(secretUrl(server.url));
      const failed = Promise.withResolvers<void>();
      source.onerror = (event) => {
        outlets.add('error event', event, String(event.message));
        failed.resolve();
      };
      await failed.promise;
      outlets.add('source', source);
      source.close();
      expect(outlets.leaks()).toEqual([]);
    }
  });

  test('in the key of a cursor, nor in an error about one', async () => {
    const store = new Map<string, string>();
    await using server = await serve(answer(200, stream, 'id: 7\ndata: 1\n\n'));
    const outlets = new Outlets();
    for await (const { id } of events(secretUrl(server.url), { cursor: store })) {
      outlets.add('event', { id });
      break;
    }
    const iterators = [1, 2].map(() => events(secretUrl(server.url), { cursor: store }));
    const errors = await Promise.allSettled(iterators.map((iterator) => iterator.next()));
    outlets.add(
      'store',
      [...store.keys()],
      streamKey(secretUrl('http://host/')),
      streamKey(`not ${secretUrl('//x')}`),
    );
    outlets.add(
      'errors',
      ...errors.map((result) => (result.status === 'rejected' ? result.reason : '')),
    );
    await Promise.all(iterators.map((iterator) => iterator.return?.()));
    expect(errors.some(({ status }) => status === 'rejected')).toBe(true);
    expect(outlets.leaks()).toEqual([]);
  });
});

test('headers, body and error of a failure can be read by their names', async () => {
  await using server = await serve(answer(404));
  const failure = await new Promise<object>((resolve) => {
    const spec = SseClient.resilient({
      id: 'prices',
      url: server.url,
      handle: () => undefined,
      onStatus: (change) => {
        if (change.type === 'gaveUp') {
          resolve(change.failure);
        }
      },
    });
    void spec.start(createSystem({ logger: { error: () => {}, warn: () => {} } }));
  });
  expect(failure).toMatchObject({
    type: 'status',
    headers: { 'x-session': `${mark}-session` },
    body: 'you sent undefined',
  });
});

test('the key of a cursor differs where a secret does, and stays the same where it does not', () => {
  const keys = ['a', 'b', 'a'].map((value) => streamKey(`http://host/?token=${value}`));
  expect(keys[0]).toBe(keys[2]);
  expect(keys[0]).not.toBe(keys[1]);
});
