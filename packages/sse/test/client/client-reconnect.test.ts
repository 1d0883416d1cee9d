import { describe, expect, test } from '@jest/globals';
import { GenServer, send } from '@reprise/actor';
import { advance } from '@reprise/actor/testing';

import {
  connect,
  noreply,
  reconnect,
  reply,
  type ServerSentEvent,
  SseClient,
} from '../../src/index.ts';
import { defaults, follower, observe, once } from '../support/observed.ts';
import { closedPort } from '../support/servers.ts';
import { openStage, settleNetwork } from '../support/stage.ts';

describe('coming back', () => {
  test.each([
    ['REC-01 the next request goes on from an id', 'id: abc\ndata: x\n\n', 'abc'],
    ['REC-02 an event without an id keeps it', 'id: abc\ndata: x\n\ndata: y\n\n', 'abc'],
    [
      'REC-03 after an empty id there is no header',
      'id: abc\ndata: x\n\nid:\ndata: y\n\n',
      undefined,
    ],
  ])('%s', async (_rule, body, header) => {
    await using stage = await openStage();
    await observe(stage.system, follower(stage));
    const { stream, response } = await stage.next();
    stream(body);
    response.end();
    expect((await stage.next()).request.headers['last-event-id']).toBe(header);
  });

  test('REC-02 the last id is on every event after it', async () => {
    await using stage = await openStage();
    const { client } = await observe(stage.system, once(stage));
    (await stage.next()).stream('id: abc\ndata: x\n\ndata: y\n\n');
    await client.next('handleConnect');
    expect(await client.next('handleEvent')).toMatchObject({ id: 'abc', lastEventId: 'abc' });
    expect(await client.next('handleEvent')).toMatchObject({ id: null, lastEventId: 'abc' });
  });

  test('REC-06 the id of the request is that of the events until there is another', async () => {
    await using stage = await openStage();
    const { client } = await observe(stage.system, once({ url: stage.url, lastEventId: 'abc' }));
    const { stream, response } = await stage.next();
    stream('data: x\n\n');
    response.end();
    await client.next('handleConnect');
    expect(await client.next('handleEvent')).toMatchObject({ id: null, lastEventId: 'abc' });
    expect(await client.next('handleDisconnect')).toMatchObject({ lastEventId: 'abc' });
  });

  test('REC-14 a reset is one disconnect and one new request', async () => {
    await using stage = await openStage();
    const { client } = await observe(stage.system, follower(stage));
    const { stream, request } = await stage.next();
    stream('data: x\n\n');
    await client.next('handleConnect');
    await client.next('handleEvent');
    request.socket.resetAndDestroy();
    expect(await client.next('handleDisconnect')).toMatchObject({
      type: 'network',
      code: 'ECONNRESET',
    });
    (await stage.next()).stream();
    await client.next('handleConnect');
    await settleNetwork();
    expect(client.called.slice(2)).toEqual(['handleDisconnect', 'handleConnect']);
    expect(stage.asked).toBe(2);
  });

  test('REC-15 after an idle timeout the old socket is closed before the new request', async () => {
    await using stage = await openStage();
    const request = { url: stage.url, idleTimeout: 1000 };
    const { client } = await observe(
      stage.system,
      SseClient.define({
        ...once(request),
        handleDisconnect: (_, state) => connect(request, state),
      }),
    );
    const order: string[] = [];
    const { stream, closed } = await stage.next();
    stream();
    await client.next('handleConnect');
    void closed.then(() => order.push('closed'));
    await advance(stage.system, 1000);
    expect(await client.next('handleDisconnect')).toMatchObject({ type: 'timeout', ms: 1000 });
    await stage.next();
    order.push('asked');
    expect(order).toEqual(['closed', 'asked']);
    expect(stage.server.sockets.size).toBe(1);
  });

  test('REC-16 reconnect, while connected, drops the connection and connects at once, with no callback in between', async () => {
    await using stage = await openStage();
    const { pid, client } = await observe(
      stage.system,
      SseClient.define({
        ...follower(stage),
        handleInfo: (_message: 'again', lastEventId: string) =>
          reconnect({ url: stage.url, lastEventId }, lastEventId),
      }),
    );
    const first = await stage.next();
    first.stream('id: 9\ndata: x\n\n');
    await client.next('handleConnect');
    await client.next('handleEvent');
    send(pid, 'again');
    await client.next('handleInfo');
    const second = await stage.next();
    await first.closed;
    expect(second.request.headers['last-event-id']).toBe('9');
    second.stream();
    await client.next('handleConnect');
  });

  test('reconnect with `after` drops the connection at once, and connects after that time', async () => {
    await using stage = await openStage();
    const { pid, client } = await observe(
      stage.system,
      SseClient.define({
        ...follower(stage),
        handleInfo: (_message: 'later', lastEventId: string) =>
          reconnect(stage, lastEventId, { after: 5000 }),
      }),
    );
    const first = await stage.next();
    first.stream();
    await client.next('handleConnect');
    send(pid, 'later');
    await first.closed;
    expect(SseClient.status(pid)).toMatchObject({ state: 'disconnected', nextAttemptAt: 5000 });
    await advance(stage.system, 4999);
    await settleNetwork();
    expect(stage.asked).toBe(1);
    await advance(stage.system, 1);
    (await stage.next()).stream();
    await client.next('handleInfo');
    await client.next('handleConnect');
  });

  test.each([
    ['connecting', ['handleInfo', 'handleConnectFailure']],
    ['connected', ['handleConnect', 'handleInfo', 'handleDisconnect']],
  ] as const)(
    'REC-17 connect, answered while it is %s, changes nothing but the state',
    async (phase, callbacks) => {
      await using stage = await openStage();
      const elsewhere = { url: `http://127.0.0.1:${await closedPort()}/` };
      const { pid, client } = await observe(
        stage.system,
        SseClient.define({
          ...defaults,
          init: () => connect(stage, 0),
          handleCall: { count: (_: void, count) => reply(count, count) },
          handleInfo: (_message: 'connect', count) => connect(elsewhere, count + 1),
        }),
      );
      const { stream, response, refuse } = await stage.next();
      if (phase === 'connected') {
        stream();
        await client.next('handleConnect');
      }
      send(pid, 'connect');
      await client.next('handleInfo');
      expect(await GenServer.call(pid, 'count')).toBe(1);
      await settleNetwork();
      if (phase === 'connected') {
        response.end();
      } else {
        refuse(503);
      }
      await client.next(callbacks.at(-1) ?? 'terminate');
      await settleNetwork();
      expect(stage.asked).toBe(1);
      expect(client.called).toEqual(callbacks);
    },
  );

  test.each(['handleConnectFailure', 'handleDisconnect'] as const)(
    'REC-18 after a noreply from %s it opens no connection until a message asks for one',
    async (callback) => {
      await using stage = await openStage();
      const { pid, client } = await observe(
        stage.system,
        SseClient.define({
          ...once(stage),
          handleInfo: (_message: 'go', state: string) => connect(stage, state),
        }),
      );
      const { refuse, stream, response } = await stage.next();
      if (callback === 'handleConnectFailure') {
        refuse(500);
      } else {
        stream();
        response.end();
        await client.next('handleConnect');
      }
      await client.next(callback);
      await advance(stage.system, 3_600_000);
      await settleNetwork();
      expect(stage.asked).toBe(1);
      send(pid, 'go');
      (await stage.next()).stream('data: x\n\n');
      await client.next('handleInfo');
      await client.next('handleConnect');
      expect(await client.next('handleEvent')).toMatchObject({ data: 'x' });
    },
  );

  test('handleEvent that answers with connect goes on with the next event, and with reconnect does not', async () => {
    await using stage = await openStage();
    const { client } = await observe(
      stage.system,
      SseClient.define({
        ...defaults,
        init: () => connect(stage, 0),
        handleEvent: ({ data }: ServerSentEvent, count) => {
          switch (data) {
            case 'connect':
              return connect(stage, count + 1);
            case 'noreply':
              return noreply(count + 1);
            case 'reconnect':
              return reconnect(stage, count + 1);
            default:
              return count;
          }
        },
      }),
    );
    const first = await stage.next();
    first.stream('data: connect\n\ndata: noreply\n\ndata: reconnect\n\ndata: lost\n\n');
    await client.next('handleConnect');
    for (const data of ['connect', 'noreply', 'reconnect']) {
      expect(await client.next('handleEvent')).toMatchObject({ data });
    }
    const second = await stage.next();
    await first.closed;
    second.stream('data: new\n\n');
    await client.next('handleConnect');
    expect(await client.next('handleEvent')).toMatchObject({ data: 'new' });
  });
});
