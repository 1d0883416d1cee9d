import { describe, expect, test } from '@jest/globals';
import { isAlive, spawnLink, Supervisor } from '@reprise/actor';
import { advance, settle } from '@reprise/actor/testing';

import { SseClient } from '../../src/index.ts';
import { McpListener } from '../../src/mcp.ts';
import { type Listened, listenerOf, listenTo } from '../support/listened.ts';
import { acknowledge, bodyOf, notification, serveModern } from '../support/mcp-servers.ts';
import { Queue } from '../support/queue.ts';
import { openStage, settleNetwork } from '../support/stage.ts';

const toolsChanged = 'notifications/tools/list_changed';

/** Waits for the head of the stream. */
async function connected({ pid }: Listened): Promise<void> {
  while (SseClient.status(pid).state !== 'connected') {
    await new Promise(setImmediate);
  }
}

test('a crash in handle names the event, and no handleFailed, which a listener does not have', async () => {
  await using stage = await openStage();
  await using _heard = await listenTo(stage.system, {
    url: stage.url,
    handle: () => {
      throw new Error('mine');
    },
  });
  const exchange = await stage.next();
  acknowledge(exchange);
  exchange.response.write(notification(toolsChanged, {}, '7'));
  await stage.system.whenExited;
  expect(stage.system.reports[0]).toMatchObject({
    details: { lastMessage: { note: 'event "7" of type "message" failed' } },
  });
});

describe('the request to listen', () => {
  test('is one POST, as the specification has it', async () => {
    await using stage = await openStage();
    await using _heard = await listenTo(stage.system, {
      url: stage.url,
      headers: { authorization: 'Bearer a', Accept: 'text/html' },
      clientInfo: { name: 'reader', version: '2' },
      notifications: { toolsListChanged: true, resourceSubscriptions: ['test://a'] },
    });
    const exchange = await stage.next();
    expect(exchange.request).toMatchObject({
      method: 'POST',
      headers: {
        authorization: 'Bearer a',
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'subscriptions/listen',
      },
    });
    expect(bodyOf(exchange)).toEqual({
      jsonrpc: '2.0',
      id: 1,
      method: 'subscriptions/listen',
      params: {
        _meta: {
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientInfo': { name: 'reader', version: '2' },
          'io.modelcontextprotocol/clientCapabilities': {},
        },
        notifications: { toolsListChanged: true, resourceSubscriptions: ['test://a'] },
      },
    });
  });

  test('has an id of its own at each attempt', async () => {
    await using stage = await openStage();
    await using heard = await listenTo(stage.system, { url: stage.url });
    const first = await stage.next();
    first.refuse(503);
    await advance(stage.system, (await heard.until('disconnected')).after);
    expect([bodyOf(first).id, bodyOf(await stage.next()).id]).toEqual([1, 2]);
  });
});

describe('with a server of the SDK', () => {
  test('everything is read once the server listens, and then come its notifications', async () => {
    await using server = await serveModern();
    await using stage = await openStage();
    const { system } = stage;
    await using heard = await listenTo(system, {
      url: server.url,
      notifications: {
        toolsListChanged: true,
        promptsListChanged: true,
        resourcesListChanged: true,
        resourceSubscriptions: ['test://a'],
      },
    });
    // The server has no prompts.
    const notifications = {
      toolsListChanged: true,
      resourcesListChanged: true,
      resourceSubscriptions: ['test://a'],
    };
    const listening = { type: 'listening', protocolVersion: '2026-07-28', notifications };
    expect(await heard.next()).toEqual({ ...listening, resumed: false });
    expect(await heard.next()).toEqual({ type: 'reread', reason: 'started' });
    server.notify.toolsChanged();
    server.notify.resourceUpdated('test://b');
    server.notify.resourceUpdated('test://a');
    server.notify.resourcesChanged();
    expect(await heard.next()).toMatchObject({ notification: { method: toolsChanged } });
    expect(await heard.next()).toMatchObject({
      notification: { method: 'notifications/resources/updated', params: { uri: 'test://a' } },
    });
    expect(await heard.next()).toMatchObject({
      notification: { method: 'notifications/resources/list_changed' },
    });
    expect(server.requests).toHaveLength(1);
  });

  test.each(['cut', 'restart', 'graceful end', 'silence'] as const)(
    'after a %s it listens again, and everything is read again',
    async (fault) => {
      let server = await serveModern();
      await using stage = await openStage();
      const { system } = stage;
      await using heard = await listenTo(system, { url: server.url, idleTimeout: 30_000 });
      await heard.until('reread');
      server.notify.toolsChanged();
      await heard.until('handled');
      if (fault === 'cut') {
        server.sockets.forEach((socket) => socket.destroy());
      } else if (fault === 'graceful end') {
        await server.closeGracefully();
      }
      if (fault === 'silence') {
        await advance(system, 30_000);
      } else if (fault !== 'cut') {
        await server.close();
        server = await serveModern({ port: server.port });
      }
      await advance(system, (await heard.until('disconnected')).after);
      expect(await heard.next()).toMatchObject({ type: 'listening', resumed: false });
      expect(await heard.next()).toEqual({ type: 'reread', reason: 'relistened' });
      server.notify.toolsChanged();
      expect(await heard.next()).toMatchObject({ notification: { method: toolsChanged } });
      await system.stop();
      await server.close();
    },
  );

  test('a server that is away is asked again, with delays that grow', async () => {
    await using server = await serveModern();
    await using stage = await openStage();
    const { system } = stage;
    await using heard = await listenTo(system, { url: server.url });
    await heard.until('reread');
    await server.close();
    const delays: number[] = [];
    for (let attempt = 0; attempt < 8; attempt += 1) {
      await advance(system, delays.at(-1) ?? 0);
      delays.push((await heard.until('disconnected')).after);
    }
    expect(Math.max(...delays.slice(0, 2))).toBeLessThan(Math.max(...delays.slice(5)));
    await using again = await serveModern({ port: server.port });
    await advance(system, delays.at(-1) ?? 0);
    expect(await heard.until('reread')).toMatchObject({ reason: 'relistened' });
    expect(again.requests).toHaveLength(1);
  });

  test('a server that has too many subscriptions is asked again later', async () => {
    await using server = await serveModern({ maxSubscriptions: 1 });
    await using stage = await openStage();
    const { system } = stage;
    await using first = await listenTo(system, { url: server.url });
    await first.until('reread');
    await using second = await listenTo(system, { url: server.url });
    const { failure, reason, after } = await second.until('disconnected');
    expect([failure.type, reason]).toEqual(['rpc', 'JSON-RPC error -32603']);
    await SseClient.stop(first.pid);
    await advance(system, after);
    let event = await second.next();
    while (event.type === 'disconnected') {
      // The server has not noticed yet that the first one is gone.
      await advance(system, event.after);
      event = await second.next();
    }
    expect(event).toMatchObject({ type: 'listening', resumed: false });
  });

  test('one that offers none of the notifications is given up', async () => {
    await using server = await serveModern();
    await using stage = await openStage();
    const { system } = stage;
    await using heard = await listenTo(system, {
      url: server.url,
      notifications: { promptsListChanged: true },
    });
    expect(await heard.next()).toMatchObject({
      type: 'gaveUp',
      failure: { type: 'unsupported', message: expect.stringContaining('offers none') },
    });
    expect(await system.whenExited).toMatchObject({ type: 'crash' });
    expect(server.requests).toHaveLength(1);
  });

  test('a handler that throws crashes the listener, and its supervisor starts it from the beginning', async () => {
    await using server = await serveModern();
    await using stage = await openStage();
    const { system } = stage;
    const rereads = new Queue<string>();
    const listener = listenerOf({
      url: server.url,
      handle: () => {
        throw new Error('of a handler');
      },
      reread: (reason) => rereads.push(reason),
    });
    const app = await Supervisor.startLink(system, {
      strategy: 'oneForOne',
      children: [McpListener.childSpec(listener, { id: 'tools' })],
    });
    expect(await rereads.next()).toBe('started');
    const first = Supervisor.child(app, 'tools');
    server.notify.toolsChanged();
    expect(await rereads.next()).toBe('started');
    expect([isAlive(first), isAlive(Supervisor.child(app, 'tools'))]).toEqual([false, true]);
  });
});

describe('a stream', () => {
  test('brings nothing before its `reread` has settled, and one notification at a time', async () => {
    await using stage = await openStage();
    const order: string[] = [];
    const steps = new Queue<() => void>();
    const step = (name: string) => async (): Promise<void> => {
      order.push(`${name} begins`);
      await new Promise<void>((resolve) => {
        steps.push(resolve);
      });
      order.push(`${name} ends`);
    };
    await using _heard = await listenTo(stage.system, {
      url: stage.url,
      reread: step('reread'),
      handle: step('handle'),
    });
    const exchange = await stage.next();
    acknowledge(exchange);
    exchange.response.write(notification(toolsChanged) + notification(toolsChanged));
    for (const _ of ['reread', 'handle', 'handle']) {
      const settled = await steps.next();
      await settleNetwork();
      expect(order.at(-1)).toMatch(/begins$/);
      settled();
    }
    await settle(stage.system);
    expect(order).toEqual(
      ['reread', 'handle', 'handle'].flatMap((name) => [`${name} begins`, `${name} ends`]),
    );
  });

  test('that is never acknowledged is dropped after responseTimeout, comments or not', async () => {
    await using stage = await openStage();
    await using heard = await listenTo(stage.system, { url: stage.url, responseTimeout: 5000 });
    const exchange = await stage.next();
    exchange.stream();
    await connected(heard);
    for (let second = 0; second < 5; second += 1) {
      exchange.response.write(': keepalive\n\n');
      await advance(stage.system, 1000);
    }
    expect(await heard.next()).toMatchObject({
      type: 'disconnected',
      failure: { type: 'timeout', phase: 'response', ms: 5000 },
    });
    await exchange.closed;
  });

  test('that is acknowledged in time outlives responseTimeout', async () => {
    await using stage = await openStage();
    await using heard = await listenTo(stage.system, { url: stage.url, responseTimeout: 5000 });
    acknowledge(await stage.next());
    await heard.until('reread');
    await advance(stage.system, 60_000);
    await settleNetwork();
    expect(heard.happened.map(({ type }) => type)).toEqual(['listening', 'reread']);
  });

  test.each([
    ['the result of the request', { id: 1, result: { resultType: 'complete' } }],
    ['its cancellation', { method: 'notifications/cancelled', params: { requestId: 1 } }],
  ])('is over with %s, even if its connection stays open', async (_end, message) => {
    await using stage = await openStage();
    await using heard = await listenTo(stage.system, { url: stage.url });
    const exchange = await stage.next();
    acknowledge(exchange);
    await heard.until('reread');
    exchange.response.write(`data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`);
    const { after, reason } = await heard.until('disconnected');
    expect(reason).toBe('closed by the server');
    await exchange.closed;
    await advance(stage.system, after);
    acknowledge(await stage.next());
    expect(await heard.until('reread')).toMatchObject({ reason: 'relistened' });
  });

  test('goes on after the cancellation of another request', async () => {
    await using stage = await openStage();
    await using heard = await listenTo(stage.system, { url: stage.url });
    const exchange = await stage.next();
    acknowledge(exchange);
    exchange.response.write(
      notification('notifications/cancelled', { requestId: 7 }) + notification(toolsChanged),
    );
    await heard.until('handled');
    expect(stage.asked).toBe(1);
  });

  test('goes on after an event that is no message, which is logged without its text', async () => {
    await using stage = await openStage();
    await using heard = await listenTo(stage.system, { url: stage.url });
    const exchange = await stage.next();
    acknowledge(exchange);
    exchange.response.write(`data: secret\n\ndata: 5\n\ndata\n\n${notification(toolsChanged)}`);
    await heard.until('handled');
    expect(stage.system.reports).toMatchObject([
      { level: 'warn', details: { size: 6 }, message: expect.stringContaining('is no message') },
      { level: 'warn', details: { size: 1 } },
    ]);
    expect(JSON.stringify(stage.system.reports)).not.toContain('secret');
  });

  test('with an error in an event, from a server that is asked for the first time, may be one of a legacy server', async () => {
    await using stage = await openStage();
    await using _heard = await listenTo(stage.system, { url: stage.url });
    const error = { code: -32_601, message: 'Method not found' };
    const exchange = await stage.next();
    exchange.stream(`data: ${JSON.stringify({ jsonrpc: '2.0', id: 1, error })}\n\n`);
    expect(bodyOf(await stage.next()).method).toBe('initialize');
  });
});

describe('a refusal', () => {
  test('with Retry-After is asked again no earlier', async () => {
    await using stage = await openStage();
    await using heard = await listenTo(stage.system, { url: stage.url });
    (await stage.next()).refuse(503, { 'retry-after': '30' });
    expect((await heard.until('disconnected')).after).toBeGreaterThanOrEqual(30_000);
  });

  test('of the credentials asks for new ones once', async () => {
    await using stage = await openStage();
    let count = 0;
    const headers = (): { token: string } => ({ token: String((count += 1)) });
    await using heard = await listenTo(stage.system, { url: stage.url, headers });
    (await stage.next()).refuse(401);
    const second = await stage.next();
    expect(second.request.headers['token']).toBe('2');
    second.refuse(401);
    expect(await heard.next()).toMatchObject({ type: 'gaveUp', reason: 'status 401' });
  });

  test('of fixed credentials is given up', async () => {
    await using stage = await openStage();
    await using heard = await listenTo(stage.system, { url: stage.url, headers: { token: 'a' } });
    (await stage.next()).refuse(401);
    expect(await heard.next()).toMatchObject({ type: 'gaveUp', reason: 'status 401' });
  });

  test('is no question of the revision if only this one is spoken', async () => {
    await using stage = await openStage();
    await using heard = await listenTo(stage.system, {
      url: stage.url,
      protocolVersion: '2026-07-28',
    });
    (await stage.next()).refuse(400);
    expect(await heard.next()).toMatchObject({ type: 'gaveUp', reason: 'status 400' });
  });

  test.each(['2026-07-28', '2025-11-25'])(
    'again and again waits for the budget of requests, in revision %s',
    async (protocolVersion) => {
      await using stage = await openStage();
      await using heard = await listenTo(stage.system, {
        url: stage.url,
        maxDelay: 1000,
        protocolVersion,
      });
      let elapsed = 0;
      for (let attempt = 0; attempt < 30; attempt += 1) {
        (await stage.next()).refuse(503);
        const { after } = await heard.until('disconnected');
        elapsed += after;
        await advance(stage.system, after);
      }
      expect(elapsed).toBeGreaterThan(90_000);
    },
  );
});

test.each([
  ['crashes ends the listener', () => Promise.reject(new Error('of another process')), false],
  ['ends normally changes nothing', () => undefined, true],
])('a linked process that %s', async (_what, run, isAliveAfter) => {
  await using stage = await openStage();
  const spawned = Promise.withResolvers<undefined>();
  await using heard = await listenTo(stage.system, {
    url: stage.url,
    reread: (_reason, { self }) => {
      spawnLink(self, run);
      spawned.resolve(undefined);
    },
  });
  acknowledge(await stage.next());
  await spawned.promise;
  await settle(stage.system);
  expect(isAlive(heard.pid)).toBe(isAliveAfter);
});
