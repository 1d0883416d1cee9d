import { spawn } from 'node:child_process';
import { once as onceEmitted } from 'node:events';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { describe, expect, test } from '@jest/globals';
import {
  crash,
  exit,
  type ExitError,
  GenServer,
  isAlive,
  kill,
  killed,
  noproc,
  normal,
  send,
  shutdown,
  shutdownWith,
  whereis,
} from '@reprise/actor';
import { advance, settle } from '@reprise/actor/testing';

import { connect, ignore, noreply, ok, SseClient, type SseRequest, stop } from '../../src/index.ts';
import { defaults, observe, once, provoke } from '../support/observed.ts';
import { serve, serveRaw } from '../support/servers.ts';
import { openStage, settleNetwork } from '../support/stage.ts';

describe('the start', () => {
  test('resolves once init has answered, before anything is connected', async () => {
    await using stage = await openStage();
    const { pid, client } = await observe(
      stage.system,
      SseClient.define({ ...defaults, init: async () => connect(stage, 0) }),
    );
    expect(isAlive(pid)).toBe(true);
    expect(client.called).toEqual([]);
  });

  test('resolves with undefined when init answers ignore, and nothing is connected', async () => {
    await using stage = await openStage();
    const behaviour = SseClient.define({
      ...defaults,
      init: () => (Date.now() > 0 ? ignore : ok(0)),
    });
    expect(await SseClient.start(stage.system, behaviour, undefined)).toBe(undefined);
  });

  test.each([
    ['stop', () => stop(shutdown), shutdown],
    [
      'an error',
      () => {
        throw new Error('no');
      },
      crash(new Error('no')),
    ],
    ['a rejection', () => Promise.reject(new Error('no')), crash(new Error('no'))],
    ['a state', () => ({ state: 1 }) as never, { type: 'badReturnValue', value: { state: 1 } }],
  ])('rejects with the reason when init answers with %s', async (_what, init, reason) => {
    await using stage = await openStage();
    const start = SseClient.start(stage.system, { ...defaults, init }, undefined);
    await expect(start).rejects.toMatchObject({ reason });
    expect(stage.asked).toBe(0);
  });

  test('gives up on an init that takes longer than `timeout`, whose late answer opens no connection', async () => {
    await using stage = await openStage();
    const { promise, resolve } = Promise.withResolvers<void>();
    const start = SseClient.start(
      stage.system,
      SseClient.define({
        ...defaults,
        init: async () => {
          await promise;
          return connect(stage, 0);
        },
      }),
      undefined,
      { timeout: 1000 },
    );
    const outcome = start.catch((thrown: ExitError) => thrown.reason);
    await advance(stage.system, 1000);
    expect(await outcome).toEqual({ type: 'timeout' });
    resolve();
    await settleNetwork();
    expect(stage.asked).toBe(0);
  });

  test.each([
    'init',
    'handleConnect',
    'handleConnectFailure',
    'handleDisconnect',
    'handleEvent',
  ] as const)('fails with a TypeError that names it for a behaviour without %s', async (name) => {
    await using stage = await openStage();
    const whole = { ...defaults, init: () => ok(0) };
    const { [name]: _, ...rest } = whole;
    await expect(async () =>
      SseClient.start(stage.system, rest as typeof whole, undefined),
    ).rejects.toThrow(
      new TypeError(
        'Expected a behaviour with init, handleConnect, handleConnectFailure, handleDisconnect, handleEvent, ' +
          `got one without ${name}`,
      ),
    );
  });

  test('takes a name, and handles calls and casts as any server does', async () => {
    await using stage = await openStage();
    const behaviour = SseClient.define({
      ...defaults,
      init: (arg: number) => ok(arg),
      handleCall: {
        add: (by: number, sum, from: GenServer.From<string>, self) => {
          GenServer.reply(from, `${String(self.pid)} ${sum}`);
          return noreply(sum + by);
        },
      },
      handleCast: {
        reset: (to: number, _sum, self) => (self.signal.aborted ? noreply(-1) : noreply(to)),
      },
    });
    const pid = await SseClient.startLink(stage.system, behaviour, 1, { name: 'sum' });
    expect(whereis(stage.system, 'sum')).toBe(pid);
    expect(await GenServer.call(pid, 'add', 2)).toBe(`${String(pid)} 1`);
    expect(await GenServer.call(pid, 'add', 0)).toBe(`${String(pid)} 3`);
    GenServer.cast(pid, 'reset', 10);
    expect(await GenServer.call(pid, 'add', 0)).toBe(`${String(pid)} 10`);
  });
});

describe('the end', () => {
  test('LIFE-01 during the name lookup: no socket is opened, and no callback is called', async () => {
    await using stage = await openStage();
    const { promise: lookedUp, resolve: look } = Promise.withResolvers<() => void>();
    const dnsLookup = ((_host: string, _options: object, found: (...args: unknown[]) => void) => {
      look(() => {
        found(null, '127.0.0.1', 4);
      });
    }) as never;
    const request = { url: `http://feed.test:${stage.server.port}/`, got: { dnsLookup } };
    const { pid, client } = await observe(stage.system, once(request));
    const answerLookup = await lookedUp;
    await GenServer.stop(pid);
    answerLookup();
    await settleNetwork();
    expect(stage.asked).toBe(0);
    expect(client.called).toEqual([]);
  });

  test.each(['http', 'https'])(
    'LIFE-01 while it waits for a silent server (%s): the socket is closed, and no callback is called',
    async (protocol) => {
      await using stage = await openStage();
      const { promise: opened, resolve: open } = Promise.withResolvers<Socket>();
      await using silent = await serveRaw(open);
      const url = silent.url.replace('http', protocol);
      const { pid, client } = await observe(stage.system, once({ url }));
      const closed = onceEmitted(await opened, 'close');
      await GenServer.stop(pid);
      await closed;
      await settleNetwork();
      expect(client.called).toEqual([]);
    },
  );

  test('LIFE-01 while a function prepares the request: its result is not used', async () => {
    await using stage = await openStage();
    const { promise, resolve } = Promise.withResolvers<SseRequest>();
    const { pid, client } = await observe(
      stage.system,
      SseClient.define({ ...defaults, init: () => connect(() => promise, undefined) }),
    );
    await GenServer.stop(pid);
    resolve(stage);
    await settleNetwork();
    expect(stage.asked).toBe(0);
    expect(client.called).toEqual([]);
  });

  test('LIFE-02 while it waits for the next attempt: no further attempt is made', async () => {
    await using stage = await openStage();
    const { pid, client } = await observe(
      stage.system,
      SseClient.define({ ...defaults, init: () => connect(stage, undefined, { after: 1000 }) }),
    );
    await advance(stage.system, 999);
    await GenServer.stop(pid);
    await advance(stage.system, 3_600_000);
    await settleNetwork();
    expect(stage.asked).toBe(0);
    expect(client.called).toEqual([]);
  });

  test('LIFE-03 while it is connected: the server sees it at once, and a second stop changes nothing', async () => {
    await using stage = await openStage();
    const { pid, client } = await observe(stage.system, once(stage));
    const { stream, closed } = await stage.next();
    stream();
    await client.next('handleConnect');
    const stops = [GenServer.stop(pid), GenServer.stop(pid)];
    expect(await Promise.allSettled(stops)).toMatchObject([
      { status: 'fulfilled' },
      // It came too late.
      { status: 'rejected', reason: { reason: normal } },
    ]);
    await closed;
    await expect(GenServer.stop(pid)).rejects.toMatchObject({ reason: noproc });
    exit(stage.system, pid, kill);
    expect(await client.ended()).toEqual(normal);
    expect(client.called).toEqual(['handleConnect']);
    expect(stage.system.reports).toEqual([]);
  });

  test.each(['sync', 'async'])(
    'LIFE-04 stop from handleEvent (%s): no further event of the packet is handled',
    async (how) => {
      await using stage = await openStage();
      const { client } = await observe(
        stage.system,
        SseClient.define({
          ...defaults,
          init: () => connect(stage, ''),
          handleEvent: ({ data }, state) => {
            const next =
              data === 'b' ? stop(shutdownWith('b'), state + data) : noreply(state + data);
            return how === 'sync' ? next : Promise.resolve(next);
          },
          terminate: (_reason, state) => {
            expect(state).toBe('ab');
          },
        }),
      );
      const { stream, closed } = await stage.next();
      stream('data: a\n\ndata: b\n\ndata: c\n\n');
      expect(await client.ended()).toEqual(shutdownWith('b'));
      await closed;
      expect(client.called).toEqual(['handleConnect', 'handleEvent', 'handleEvent', 'terminate']);
    },
  );

  test('LIFE-05 stop from handleConnect: an event in the packet of the head is not handled', async () => {
    await using stage = await openStage();
    const { client } = await observe(
      stage.system,
      SseClient.define({
        ...defaults,
        init: () => connect(stage, undefined),
        handleConnect: (_response, state) => stop(normal, state),
      }),
    );
    const { request, closed } = await stage.next();
    request.socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: x\n\n');
    expect(await client.ended()).toEqual(normal);
    await closed;
    await settleNetwork();
    expect(client.called).toEqual(['handleConnect']);
  });

  test.each([
    'handleConnect',
    'handleConnectFailure',
    'handleDisconnect',
    'handleEvent',
    'handleComment',
    'handleInfo',
  ] as const)(
    'LIFE-06 stop from %s: terminate has the reason and the state of the answer, and the socket is closed by then',
    async (callback) => {
      await using stage = await openStage();
      const reason = shutdownWith(callback);
      const ends: unknown[] = [];
      const closed = Promise.withResolvers<unknown>();
      const { pid, client } = await observe(
        stage.system,
        SseClient.define({
          ...defaults,
          init: () => connect(stage, 0),
          handleComment: (_comment, state) => state,
          handleInfo: (_message: 'now', state) => noreply(state),
          terminate: async (why, state) => {
            await closed.promise;
            ends.push([why, state]);
          },
          [callback]: (_subject: unknown, state: number) => stop(reason, state + 1),
        }),
      );
      const exchange = await stage.next();
      closed.resolve(exchange.closed);
      provoke(exchange, callback);
      if (callback === 'handleInfo') {
        send(pid, 'now');
      }
      expect(await client.ended()).toEqual(reason);
      expect(ends).toEqual([[reason, 1]]);
      expect(stage.system.reports).toEqual([]);
    },
  );

  test('stop from handleCall replies first', async () => {
    await using stage = await openStage();
    const { pid, client } = await observe(
      stage.system,
      SseClient.define({
        ...defaults,
        init: () => connect(stage, 0),
        handleCall: { close: (how: string, state) => stop(normal, `closed ${how}`, state) },
      }),
    );
    const { stream, closed } = await stage.next();
    stream();
    await client.next('handleConnect');
    expect(await GenServer.call(pid, 'close', 'well')).toBe('closed well');
    expect(await client.ended()).toEqual(normal);
    await closed;
  });

  test('LIFE-07 100 rounds of connecting and stopping leave no socket, and the program ends by itself', async () => {
    let rounds = 0;
    await using server = await serve((_, response) => {
      rounds += 1;
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: x\n\n');
    });
    const program = join(import.meta.dirname, '..', 'support', 'rounds.ts');
    const child = spawn(
      process.execPath,
      ['--conditions=@reprise/source', program, server.url, '100'],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [output, [status]] = await Promise.all([text(child.stdout), onceEmitted(child, 'exit')]);
    expect(output).toBe('open sockets: 0, timers: 0, warnings: 0\n');
    expect(status).toBe(0);
    expect(rounds).toBe(100);
    expect(server.sockets.size).toBe(0);
  });
});

describe('killed', () => {
  test('while it is connected: its socket is closed', async () => {
    await using stage = await openStage();
    const { pid, client } = await observe(stage.system, once(stage));
    const { stream, closed } = await stage.next();
    stream();
    await client.next('handleConnect');
    exit(stage.system, pid, kill);
    expect(await client.ended()).toEqual(killed);
    await closed;
  });

  test('while it is connecting: its socket is closed', async () => {
    await using stage = await openStage();
    const { pid, client } = await observe(stage.system, once(stage));
    const { closed } = await stage.next();
    exit(stage.system, pid, kill);
    expect(await client.ended()).toEqual(killed);
    await closed;
    expect(client.called).toEqual([]);
  });

  test('by the end of its system: its socket is closed', async () => {
    await using stage = await openStage();
    const { client } = await observe(stage.system, once(stage));
    const { stream, closed } = await stage.next();
    stream();
    await client.next('handleConnect');
    await stage.system.stop();
    await closed;
    expect(await client.ended()).toEqual(killed);
  });

  test.each([
    'handleConnect',
    'handleConnectFailure',
    'handleDisconnect',
    'handleEvent',
    'handleComment',
  ] as const)(
    'while an async %s is pending: at once, its late answer is dropped, and so is a late rejection',
    async (callback) => {
      await using stage = await openStage();
      for (const [index, settleLate] of (['resolve', 'reject'] as const).entries()) {
        const { promise, ...late } = Promise.withResolvers<SseClient.ClientAnswer<string>>();
        const { pid, client } = await observe(
          stage.system,
          SseClient.define({
            ...defaults,
            init: () => connect(stage, 'state'),
            handleComment: (_comment, state) => state,
            [callback]: () => promise,
          }),
        );
        const exchange = await stage.next();
        provoke(exchange, callback);
        await client.until(callback);
        const called = client.called.length;
        exit(stage.system, pid, kill);
        expect(await client.ended()).toEqual(killed);
        await exchange.closed;
        if (settleLate === 'resolve') {
          late.resolve(connect(stage, 'late'));
        } else {
          late.reject(new Error('late'));
        }
        await settle(stage.system);
        await settleNetwork();
        expect(client.called).toHaveLength(called);
        expect(stage.asked).toBe(index + 1);
        expect(stage.system.reports).toEqual([]);
      }
    },
  );

  test.each(['handleEvent', 'handleComment'] as const)(
    'while an async %s is pending: the rest of the packet is not handled when it settles',
    async (callback) => {
      await using stage = await openStage();
      const { promise, resolve } = Promise.withResolvers<string>();
      const { pid, client } = await observe(
        stage.system,
        SseClient.define({
          ...defaults,
          init: () => connect(stage, 'state'),
          handleComment: (_comment, state) => state,
          [callback]: () => promise,
        }),
      );
      (await stage.next()).stream(':\ndata: x\n\n:\ndata: y\n\n');
      await client.until(callback);
      const called = [...client.called];
      exit(stage.system, pid, kill);
      await client.ended();
      resolve('late');
      await settle(stage.system);
      expect(client.called).toEqual(called);
    },
  );
});
