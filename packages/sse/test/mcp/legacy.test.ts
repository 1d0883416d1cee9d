import { describe, expect, test } from '@jest/globals';
import { exit, isAlive, kill, Supervisor } from '@reprise/actor';
import { advance, settle } from '@reprise/actor/testing';

import { SseClient } from '../../src/index.ts';
import { McpListener } from '../../src/mcp.ts';
import { type Listened, listenerOf, listenTo } from '../support/listened.ts';
import { bodyOf, initialized, notification, serveLegacy } from '../support/mcp-servers.ts';
import { serve } from '../support/servers.ts';
import { type Exchange, openStage, settleNetwork, type Stage } from '../support/stage.ts';

const toolsChanged = 'notifications/tools/list_changed';
const legacyOnly = { protocolVersion: '2025-11-25' } as const;

/** Answers the handshake of a listener for tools; returns the request for its stream. */
async function handshake(stage: Stage, id = 's1', version = '2025-11-25'): Promise<Exchange> {
  initialized(await stage.next(), id, version);
  (await stage.next()).refuse(202);
  return stage.next();
}

/** Lets the time pass until the next attempt. */
async function passDelay(stage: Stage, heard: Listened): Promise<void> {
  await advance(stage.system, (await heard.until('disconnected')).after);
}

describe('with a server of the SDK', () => {
  test.each([true, false])(
    'the modern request is refused, and a session begins; answers by JSON: %s',
    async (enableJsonResponse) => {
      await using server = await serveLegacy({ enableJsonResponse });
      await using stage = await openStage();
      const { system } = stage;
      const notifications = { toolsListChanged: true, resourceSubscriptions: ['test://a'] };
      await using heard = await listenTo(system, { url: server.url, notifications });
      const listening = { type: 'listening', protocolVersion: '2025-11-25', notifications };
      expect(await heard.next()).toEqual({ ...listening, resumed: false });
      expect(await heard.next()).toEqual({ type: 'reread', reason: 'started' });
      expect(server.subscribed).toEqual(['test://a']);
      const [[id, session] = []] = server.sessions;
      await session?.sendToolListChanged();
      await session?.sendResourceUpdated({ uri: 'test://a/part' });
      expect(await heard.next()).toMatchObject({ notification: { method: toolsChanged } });
      expect(await heard.next()).toMatchObject({
        notification: { params: { uri: 'test://a/part' } },
      });
      const [, , ...inSession] = server.requests;
      expect(inSession.map(({ method }) => method)).toEqual(['POST', 'POST', 'GET']);
      for (const { headers } of inSession) {
        expect(headers).toMatchObject({
          'mcp-session-id': id,
          'mcp-protocol-version': '2025-11-25',
        });
      }
    },
  );

  test('a stream that is cut is resumed: nothing is missing, and nothing is read again', async () => {
    await using server = await serveLegacy();
    await using stage = await openStage();
    const { system } = stage;
    await using heard = await listenTo(system, {
      url: server.url,
      notifications: { toolsListChanged: true, resourceSubscriptions: ['test://a'] },
    });
    await heard.until('reread');
    const [session] = server.sessions.values();
    await session?.sendToolListChanged();
    await heard.until('handled');
    server.sockets.forEach((socket) => socket.destroy());
    const { after } = await heard.until('disconnected');
    await session?.sendResourceUpdated({ uri: 'test://a' });
    await advance(system, after);
    expect(await heard.next()).toMatchObject({ type: 'listening', resumed: true });
    expect(await heard.next()).toMatchObject({
      notification: { method: 'notifications/resources/updated' },
    });
    expect(server.requests.at(-1)?.headers['last-event-id']).toMatch(/^\d+$/);
    expect(server.sessions.size).toBe(1);
  });

  test.each([
    ['brought no event yet', true, false],
    ['has no ids', false, true],
  ])(
    'a stream that %s cannot be resumed, and everything is read again',
    async (_why, isResumable, hasEvent) => {
      await using server = await serveLegacy({ isResumable });
      await using stage = await openStage();
      const { system } = stage;
      await using heard = await listenTo(system, { url: server.url });
      await heard.until('reread');
      const [session] = server.sessions.values();
      if (hasEvent) {
        await session?.sendToolListChanged();
        await heard.until('handled');
      }
      server.sockets.forEach((socket) => socket.destroy());
      await advance(system, (await heard.until('disconnected')).after);
      expect(await heard.next()).toMatchObject({ type: 'listening', resumed: false });
      expect(await heard.next()).toEqual({ type: 'reread', reason: 'relistened' });
      expect(server.sessions.size).toBe(1);
    },
  );

  test.each([404, 400])(
    'a session that the server has forgotten (%d) is followed by another one, and everything is read again',
    async (unknownSession) => {
      await using server = await serveLegacy({ unknownSession });
      await using stage = await openStage();
      const { system } = stage;
      await using heard = await listenTo(system, {
        url: server.url,
        notifications: { resourceSubscriptions: ['test://a'] },
      });
      await heard.until('reread');
      const [session] = server.sessions.values();
      await session?.sendResourceUpdated({ uri: 'test://a' });
      await heard.until('handled');
      server.forget();
      server.sockets.forEach((socket) => socket.destroy());
      await advance(system, (await heard.until('disconnected')).after);
      expect(await heard.next()).toMatchObject({ type: 'listening', resumed: false });
      expect(await heard.next()).toEqual({ type: 'reread', reason: 'newSession' });
      expect(server.subscribed).toEqual(['test://a', 'test://a']);
      const [again] = server.sessions.values();
      await again?.sendResourceUpdated({ uri: 'test://a' });
      await heard.until('handled');
    },
  );

  test('the session is ended with the listener, by stop and by its supervisor', async () => {
    await using server = await serveLegacy();
    await using stage = await openStage();
    const { system } = stage;
    await using heard = await listenTo(system, { url: server.url });
    await heard.until('reread');
    expect(server.sessions.size).toBe(1);
    await SseClient.stop(heard.pid);
    expect(server.sessions.size).toBe(0);

    const listening = Promise.withResolvers<undefined>();
    const listener = listenerOf({
      url: server.url,
      reread: () => {
        listening.resolve(undefined);
      },
    });
    await Supervisor.startLink(system, {
      strategy: 'oneForOne',
      children: [McpListener.childSpec(listener, { id: 'tools' })],
    });
    await listening.promise;
    expect(server.sessions.size).toBe(1);
    await system.stop();
    expect(server.sessions.size).toBe(0);
  });
});

describe('the handshake', () => {
  test('is `initialize` with the newest revision, and `initialized`', async () => {
    await using stage = await openStage();
    await using _heard = await listenTo(stage.system, { url: stage.url, ...legacyOnly });
    const first = await stage.next();
    expect(bodyOf(first)).toEqual({
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: {
        protocolVersion: '2025-11-25',
        capabilities: {},
        clientInfo: { name: 'test', version: '1' },
      },
    });
    expect(first.request.headers).not.toHaveProperty('mcp-session-id');
    initialized(first, 's1');
    const second = await stage.next();
    expect(bodyOf(second)).toEqual({ jsonrpc: '2.0', method: 'notifications/initialized' });
    second.refuse(202);
    const third = await stage.next();
    expect(third.request).toMatchObject({
      method: 'GET',
      headers: { accept: 'text/event-stream', 'mcp-session-id': 's1' },
    });
  });

  test.each(['2025-06-18', '2025-03-26'])(
    'takes the older revision %s of a server, for all later requests',
    async (version) => {
      await using stage = await openStage();
      await using heard = await listenTo(stage.system, { url: stage.url });
      (await stage.next()).refuse(400);
      const stream = await handshake(stage, 's1', version);
      expect(stream.request.headers['mcp-protocol-version']).toBe(version);
      stream.stream();
      expect(await heard.next()).toMatchObject({ type: 'listening', protocolVersion: version });
    },
  );

  test.each([
    ['a revision that it does not speak', {}, '2024-11-05', 'got 2024-11-05'],
    ['another revision than the one asked for', legacyOnly, '2025-06-18', 'got 2025-06-18'],
  ])('gives up at %s', async (_what, options, version, message) => {
    await using stage = await openStage();
    await using heard = await listenTo(stage.system, { url: stage.url, ...legacyOnly, ...options });
    initialized(await stage.next(), 's1', version);
    expect(await heard.next()).toMatchObject({
      type: 'gaveUp',
      failure: { type: 'unsupported', message: expect.stringContaining(message) },
    });
    expect((await stage.next()).request.method).toBe('DELETE');
  });

  test('gives up at an error of `initialize`', async () => {
    await using stage = await openStage();
    await using heard = await listenTo(stage.system, { url: stage.url, ...legacyOnly });
    const exchange = await stage.next();
    exchange.response.writeHead(200, { 'content-type': 'application/json' });
    exchange.response.end('{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"secret"}}');
    expect(await heard.next()).toMatchObject({ type: 'gaveUp', reason: 'JSON-RPC error -32602' });
  });

  test('goes on where it broke off, in the same session', async () => {
    await using stage = await openStage();
    await using heard = await listenTo(stage.system, { url: stage.url, ...legacyOnly });
    initialized(await stage.next(), 's1');
    (await stage.next()).refuse(503);
    await passDelay(stage, heard);
    const second = await stage.next();
    expect(bodyOf(second).method).toBe('notifications/initialized');
    expect(second.request.headers['mcp-session-id']).toBe('s1');
  });

  test('has responseTimeout for all its steps', async () => {
    await using stage = await openStage();
    await using heard = await listenTo(stage.system, {
      url: stage.url,
      ...legacyOnly,
      responseTimeout: 5000,
    });
    const exchange = await stage.next();
    exchange.stream(': still here\n\n');
    await advance(stage.system, 5000);
    expect(await heard.next()).toMatchObject({
      type: 'disconnected',
      failure: { type: 'timeout', phase: 'request', ms: 5000 },
    });
    await exchange.closed;
  });

  test('with Retry-After is tried again no earlier', async () => {
    await using stage = await openStage();
    await using heard = await listenTo(stage.system, { url: stage.url, ...legacyOnly });
    (await stage.next()).refuse(429, { 'retry-after': '20' });
    expect((await heard.until('disconnected')).after).toBeGreaterThanOrEqual(20_000);
  });

  test('leaves out a resource that the server refuses, and gives up if it refuses all', async () => {
    await using stage = await openStage();
    await using heard = await listenTo(stage.system, {
      url: stage.url,
      ...legacyOnly,
      notifications: { resourceSubscriptions: ['test://a', 'test://b'] },
    });
    initialized(await stage.next(), 's1');
    (await stage.next()).refuse(202);
    const refuse = ({ response, body }: Exchange): void => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const error = { code: -32_002, message: 'Resource not found' };
      response.end(JSON.stringify({ jsonrpc: '2.0', id: bodyOf({ body }).id, error }));
    };
    refuse(await stage.next());
    const second = await stage.next();
    second.stream(
      `data: ${JSON.stringify({ jsonrpc: '2.0', id: bodyOf(second).id, result: {} })}\n\n`,
    );
    (await stage.next()).stream();
    expect(await heard.next()).toMatchObject({
      type: 'listening',
      notifications: { resourceSubscriptions: ['test://b'] },
    });
  });
});

describe('the stream of a session', () => {
  test('that the server closes is asked for again after its `retry`, from its id on', async () => {
    await using stage = await openStage();
    await using heard = await listenTo(stage.system, { url: stage.url, ...legacyOnly });
    const stream = await handshake(stage);
    stream.stream('id: 7\nretry: 20000\ndata: \n\n');
    stream.response.end();
    const { after } = await heard.until('disconnected');
    expect(after).toBeGreaterThanOrEqual(20_000);
    expect(after).toBeLessThanOrEqual(24_000);
    await advance(stage.system, after);
    expect((await stage.next()).request.headers['last-event-id']).toBe('7');
    expect(stage.system.reports).toEqual([]);
  });

  test('is asked for again in the same session while the server takes it for open (409)', async () => {
    await using stage = await openStage();
    await using heard = await listenTo(stage.system, { url: stage.url, ...legacyOnly });
    const stream = await handshake(stage);
    stream.stream(notification(toolsChanged, {}, '7'));
    await heard.until('handled');
    stream.request.socket.destroy();
    await passDelay(stage, heard);
    (await stage.next()).refuse(409);
    await passDelay(stage, heard);
    expect((await stage.next()).request.headers).toMatchObject({
      'last-event-id': '7',
      'mcp-session-id': 's1',
    });
  });

  test('that had an event above the limit is not resumed: the event would come again', async () => {
    await using stage = await openStage();
    await using heard = await listenTo(stage.system, {
      url: stage.url,
      ...legacyOnly,
      maxEventSize: 1000,
    });
    const stream = await handshake(stage);
    stream.stream(notification(toolsChanged, {}, '7'));
    await heard.until('handled');
    stream.response.write(notification(toolsChanged, { big: 'x'.repeat(2000) }, '8'));
    await passDelay(stage, heard);
    const again = await stage.next();
    expect(again.request.headers).not.toHaveProperty('last-event-id');
    again.stream();
    expect(await heard.until('reread')).toMatchObject({ reason: 'relistened' });
  });

  test('that the server does not have (405) is given up, and the session is ended', async () => {
    await using stage = await openStage();
    await using heard = await listenTo(stage.system, { url: stage.url, ...legacyOnly });
    (await handshake(stage)).refuse(405);
    expect(await heard.next()).toMatchObject({ type: 'gaveUp', reason: 'status 405' });
    const end = await stage.next();
    expect(end.request).toMatchObject({ method: 'DELETE', headers: { 'mcp-session-id': 's1' } });
    end.refuse(405);
    expect(await stage.system.whenExited).toMatchObject({ type: 'crash' });
  });

  test('brings only the notifications that were asked for', async () => {
    await using stage = await openStage();
    await using heard = await listenTo(stage.system, { url: stage.url, ...legacyOnly });
    (await handshake(stage)).stream(
      [
        notification('notifications/prompts/list_changed'),
        notification('notifications/resources/updated', { uri: 'test://a' }),
        notification('notifications/message', { level: 'info', data: 'x' }),
        notification(toolsChanged),
      ].join(''),
    );
    await heard.until('reread');
    expect(await heard.next()).toMatchObject({ notification: { method: toolsChanged } });
  });

  test('may bring a batch, as revision 2025-03-26 has it', async () => {
    await using stage = await openStage();
    await using heard = await listenTo(stage.system, {
      url: stage.url,
      protocolVersion: '2025-03-26',
    });
    const one = { jsonrpc: '2.0', method: toolsChanged };
    (await handshake(stage, 's1', '2025-03-26')).stream(`data: ${JSON.stringify([one, one])}\n\n`);
    await heard.until('reread');
    for (const _ of [1, 2]) {
      expect(await heard.next()).toMatchObject({ notification: one });
    }
  });

  test.each([
    ['a ping is answered', 'ping', { result: {} }],
    [
      'a request that it cannot do is refused',
      'roots/list',
      { error: { code: -32_601, message: 'Method not found' } },
    ],
  ])('%s, and then comes the next notification', async (_what, method, answer) => {
    await using stage = await openStage();
    await using heard = await listenTo(stage.system, { url: stage.url, ...legacyOnly });
    const request = JSON.stringify({ jsonrpc: '2.0', id: 'p1', method });
    (await handshake(stage)).stream(`data: ${request}\n\n${notification(toolsChanged)}`);
    const exchange = await stage.next();
    expect(bodyOf(exchange)).toEqual({ jsonrpc: '2.0', id: 'p1', ...answer });
    expect(exchange.request.headers['mcp-session-id']).toBe('s1');
    exchange.refuse(202);
    await heard.until('handled');
  });

  test('goes on if the answer to a ping cannot be sent in 10 s', async () => {
    await using stage = await openStage();
    await using heard = await listenTo(stage.system, { url: stage.url, ...legacyOnly });
    (await handshake(stage)).stream(
      `data: {"jsonrpc":"2.0","id":1,"method":"ping"}\n\n${notification(toolsChanged)}`,
    );
    await stage.next();
    expect(heard.happened.map(({ type }) => type)).toEqual(['listening', 'reread']);
    await advance(stage.system, 10_000);
    expect(await heard.until('handled')).toMatchObject({ notification: { method: toolsChanged } });
  });
});

test('a session that is over before it listens is followed by another one, with delays that grow', async () => {
  await using stage = await openStage();
  await using heard = await listenTo(stage.system, { url: stage.url, ...legacyOnly });
  const delays: number[] = [];
  for (const id of ['s1', 's2', 's3', 's4', 's5', 's6']) {
    const stream = await handshake(stage, id);
    expect(stream.request.headers['mcp-session-id']).toBe(id);
    stream.refuse(404);
    const { after } = await heard.until('disconnected');
    delays.push(after);
    await advance(stage.system, after);
  }
  expect(Math.max(...delays.slice(0, 2))).toBeLessThan(Math.max(...delays.slice(4)));
});

describe('the end of a session', () => {
  test('is waited for 2 s at most', async () => {
    await using stage = await openStage();
    await using heard = await listenTo(stage.system, { url: stage.url, ...legacyOnly });
    (await handshake(stage)).stream();
    await heard.until('reread');
    const stopped = SseClient.stop(heard.pid);
    expect((await stage.next()).request.method).toBe('DELETE');
    await advance(stage.system, 1999);
    expect(isAlive(heard.pid)).toBe(true);
    await advance(stage.system, 1);
    await stopped;
  });

  test('is also asked for by a listener that is stopped before it knows the session', async () => {
    await using stage = await openStage();
    await using heard = await listenTo(stage.system, { url: stage.url, ...legacyOnly });
    const first = await stage.next();
    const stopped = SseClient.stop(heard.pid);
    await settleNetwork();
    initialized(first, 's1');
    const end = await stage.next();
    expect(end.request).toMatchObject({ method: 'DELETE', headers: { 'mcp-session-id': 's1' } });
    end.refuse(200);
    await stopped;
    expect(stage.asked).toBe(2);
    expect(stage.system.reports).toEqual([]);
  });

  test.each([
    ['that does not answer', 2000, () => undefined],
    ['that breaks off', 0, ({ response }: Exchange) => void response.destroy()],
  ])('is not waited for at a server %s', async (_what, ms, play) => {
    await using stage = await openStage();
    await using heard = await listenTo(stage.system, { url: stage.url, ...legacyOnly });
    const first = await stage.next();
    const stopped = SseClient.stop(heard.pid);
    await settleNetwork();
    play(first);
    await advance(stage.system, ms);
    await stopped;
    await first.closed;
    expect(stage.asked).toBe(1);
  });

  test('is not asked for without an id, nor by a listener that is killed', async () => {
    await using stage = await openStage();
    await using heard = await listenTo(stage.system, { url: stage.url, ...legacyOnly });
    (await handshake(stage, '')).stream();
    await heard.until('reread');
    await SseClient.stop(heard.pid);
    const pid = await McpListener.start(
      stage.system,
      listenerOf({ url: stage.url, ...legacyOnly }),
    );
    (await handshake(stage)).stream();
    const asked = stage.asked;
    exit(stage.system, pid, kill);
    await settle(stage.system);
    await settleNetwork();
    expect(stage.asked).toBe(asked);
  });
});

describe('the id of a session is a secret', () => {
  test('that no report and no status shows', async () => {
    await using stage = await openStage();
    await using heard = await listenTo(stage.system, {
      url: stage.url,
      ...legacyOnly,
      handle: () => {
        throw new Error('of a handler');
      },
    });
    (await handshake(stage, 'very-secret')).stream(notification(toolsChanged));
    (await stage.next()).refuse(204);
    await stage.system.whenExited;
    expect(stage.system.reports).not.toEqual([]);
    const shown = JSON.stringify([stage.system.reports, heard.happened]);
    expect(shown).toContain('of a handler');
    expect(shown).not.toContain('very-secret');
  });

  test('that a redirect does not take to another origin', async () => {
    await using stage = await openStage();
    const elsewhere: NodeJS.Dict<string | string[]>[] = [];
    await using other = await serve(({ headers }, response) => {
      elsewhere.push(headers);
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    });
    await using heard = await listenTo(stage.system, { url: stage.url, ...legacyOnly });
    (await handshake(stage)).refuse(307, { location: other.url });
    await heard.until('reread');
    expect(elsewhere).toMatchObject([{ 'mcp-protocol-version': '2025-11-25' }]);
    expect(elsewhere[0]).not.toHaveProperty('mcp-session-id');
  });
});
