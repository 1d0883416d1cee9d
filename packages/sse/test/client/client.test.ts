import { describe, expect, test } from '@jest/globals';
import { isAlive, normal, ok, type Process, send, shutdown } from '@reprise/actor';
import { advance } from '@reprise/actor/testing';

import { connect, SseClient, stop } from '../../src/index.ts';
import { defaults, follower, observe, once } from '../support/observed.ts';
import { Queue } from '../support/queue.ts';
import { closedPort } from '../support/servers.ts';
import { openStage, settleNetwork } from '../support/stage.ts';

describe('the tests of the Elixir client', () => {
  test('Elixir: events are processed as they are received', async () => {
    await using stage = await openStage();
    const { client } = await observe(stage.system, once(stage));
    const { stream, response } = await stage.next();
    stream();
    await client.next('handleConnect');
    for (const data of ['first', 'second']) {
      response.write(`data: ${data}\n\n`);
      expect(await client.next('handleEvent')).toMatchObject({ data });
    }
  });

  test('Elixir: the start can be delayed, and the connection made on a message', async () => {
    await using stage = await openStage();
    const { pid, client } = await observe(
      stage.system,
      SseClient.define({
        ...defaults,
        init: () => ok(stage.url),
        handleInfo: (_message: 'go', url) => connect({ url }, url),
      }),
    );
    send(pid, 'go');
    (await stage.next()).stream('data: x\n\n');
    await client.next('handleInfo');
    await client.next('handleConnect');
    expect(await client.next('handleEvent')).toMatchObject({ data: 'x' });
  });

  test('Elixir: it can connect again after a failure to connect', async () => {
    await using stage = await openStage();
    const closed = `http://127.0.0.1:${await closedPort()}/`;
    const { client } = await observe(
      stage.system,
      SseClient.define({
        ...defaults,
        init: () => connect({ url: closed }, undefined),
        handleConnectFailure: (_, state) => connect(stage, state, { after: 1000 }),
      }),
    );
    expect(await client.next('handleConnectFailure')).toMatchObject({ code: 'ECONNREFUSED' });
    await advance(stage.system, 1000);
    (await stage.next()).stream();
    expect(await client.next('handleConnect')).toMatchObject({ status: 200 });
  });

  test('Elixir: it can connect again after a failure to receive data', async () => {
    await using stage = await openStage();
    const { client } = await observe(
      stage.system,
      SseClient.define({
        ...defaults,
        init: () => connect(stage, undefined),
        handleConnectFailure: (_, state) => connect(stage, state),
      }),
    );
    const silent = await stage.next();
    await advance(stage.system, 300_000);
    expect(await client.next('handleConnectFailure')).toEqual({
      type: 'timeout',
      phase: 'response',
      ms: 300_000,
    });
    await silent.closed;
    (await stage.next()).stream();
    await client.next('handleConnect');
  });

  test('Elixir: it can stay unconnected after a failure to connect', async () => {
    await using stage = await openStage();
    const { client } = await observe(stage.system, once(stage));
    (await stage.next()).refuse(503);
    await client.next('handleConnectFailure');
    await advance(stage.system, 3_600_000);
    await settleNetwork();
    expect(stage.asked).toBe(1);
    expect(client.called).toEqual(['handleConnectFailure']);
  });

  test('Elixir: it can stop after a failure to connect', async () => {
    await using stage = await openStage();
    const { client } = await observe(
      stage.system,
      SseClient.define({
        ...defaults,
        init: () => connect(stage, undefined),
        handleConnectFailure: (_, state) => stop(normal, state),
      }),
    );
    (await stage.next()).refuse(503);
    expect(await client.ended()).toEqual(normal);
  });

  test('Elixir: it can connect again after a disconnect', async () => {
    await using stage = await openStage();
    const { client } = await observe(stage.system, follower(stage));
    const { stream, response } = await stage.next();
    stream('data:');
    response.end();
    await client.next('handleConnect');
    expect(await client.next('handleDisconnect')).toMatchObject({ type: 'closed' });
    (await stage.next()).stream();
    await client.next('handleConnect');
  });

  test('Elixir: it can stay unconnected after a disconnect', async () => {
    await using stage = await openStage();
    const { client } = await observe(stage.system, once(stage));
    const { stream, response } = await stage.next();
    stream();
    response.end();
    await client.next('handleConnect');
    await client.next('handleDisconnect');
    await advance(stage.system, 3_600_000);
    await settleNetwork();
    expect(stage.asked).toBe(1);
    expect(client.called).toEqual(['handleConnect', 'handleDisconnect']);
  });

  test('Elixir: it can stop after a disconnect', async () => {
    await using stage = await openStage();
    const { client } = await observe(
      stage.system,
      SseClient.define({
        ...defaults,
        init: () => connect(stage, undefined),
        handleDisconnect: (_, state) => stop(normal, state),
      }),
    );
    const { stream, response } = await stage.next();
    stream();
    response.end();
    expect(await client.ended()).toEqual(normal);
  });

  test('Elixir: it can stop on a message from outside', async () => {
    await using stage = await openStage();
    const { pid, client } = await observe(
      stage.system,
      SseClient.define({
        ...defaults,
        init: () => connect(stage, undefined),
        handleInfo: (_message: 'stop', state) => stop(normal, state),
      }),
    );
    const { stream, closed } = await stage.next();
    stream();
    await client.next('handleConnect');
    send(pid, 'stop');
    expect(await client.ended()).toEqual(normal);
    await closed;
  });

  test('Elixir: an answer with content-length 0 is a bad response', async () => {
    await using stage = await openStage();
    const { client } = await observe(stage.system, once(stage));
    (await stage.next()).refuse(403);
    expect(await client.next('handleConnectFailure')).toMatchObject({
      type: 'status',
      status: 403,
      headers: { 'content-length': '0' },
    });
  });

  test('Elixir: only one packet is pulled from the socket', async () => {
    await using stage = await openStage();
    const { promise: brake, resolve: release } = Promise.withResolvers<void>();
    const selves = new Queue<Process>();
    const { client } = await observe(
      stage.system,
      SseClient.define({
        ...defaults,
        init: () => connect(stage, 0),
        handleEvent: async (_event, count, self) => {
          selves.push(self);
          await brake;
          return count + 1;
        },
      }),
    );
    const { stream, response } = await stage.next();
    stream();
    await client.next('handleConnect');
    response.write('data: 0\n\n');
    expect(await client.next('handleEvent')).toMatchObject({ data: '0' });
    for (const data of ['1', '2', '3']) {
      response.write(`data: ${data}\n\n`);
      await settleNetwork();
    }
    expect((await selves.next()).messageQueueLen).toBe(0);
    expect(client.called).toEqual(['handleConnect', 'handleEvent']);
    release();
    for (const data of ['1', '2', '3']) {
      expect(await client.next('handleEvent')).toMatchObject({ data });
    }
  });
});

describe('stop', () => {
  test('ends the client normally, closes its connection, and resolves then', async () => {
    await using stage = await openStage();
    const { pid, client } = await observe(stage.system, once(stage));
    const { stream, closed } = await stage.next();
    stream();
    await client.next('handleConnect');
    await SseClient.stop(pid);
    expect(isAlive(pid)).toBe(false);
    expect(await client.ended()).toEqual(normal);
    await closed;
  });

  test('takes a reason, and rejects for a client that has ended', async () => {
    await using stage = await openStage();
    const { pid, client } = await observe(stage.system, once(stage));
    await stage.next();
    await SseClient.stop(pid, shutdown);
    expect(await client.ended()).toEqual(shutdown);
    await expect(SseClient.stop(pid)).rejects.toMatchObject({ reason: { type: 'noproc' } });
  });
});
