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
  Supervisor,
  trapExit,
  whereis,
} from '@reprise/actor';
import { advance, settle } from '@reprise/actor/testing';

import {
  connect,
  ignore,
  noreply,
  ok,
  reply,
  SseClient,
  type SseRequest,
  stop,
} from '../src/index.ts';
import { calm, observe, Observer, once } from './support/observed.ts';
import { serve, serveRaw } from './support/servers.ts';
import { type Exchange, openStage, quiet } from './support/stage.ts';

/** Does what makes a client call this callback. */
function provoke({ refuse, stream, response }: Exchange, callback: string): void {
  if (callback === 'handleConnectFailure') {
    refuse(500);
    return;
  }
  stream({ handleEvent: 'data: x\n\n', handleComment: ': x\n' }[callback]);
  if (callback === 'handleDisconnect') {
    response.end();
  }
}

describe('the start', () => {
  test('resolves once init has answered, before anything is connected', async () => {
    await using stage = await openStage();
    const { pid, client } = await observe(
      stage.system,
      SseClient.define({ ...calm, init: async () => connect(stage, 0) }),
    );
    expect(isAlive(pid)).toBe(true);
    expect(client.called).toEqual([]);
  });

  test('resolves with undefined when init answers ignore, and nothing is connected', async () => {
    await using stage = await openStage();
    const behaviour = SseClient.define({ ...calm, init: () => (Date.now() > 0 ? ignore : ok(0)) });
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
    const start = SseClient.start(stage.system, { ...calm, init }, undefined);
    await expect(start).rejects.toMatchObject({ reason });
    expect(stage.asked).toBe(0);
  });

  test('gives up on an init that takes longer than `timeout`, and what it answers then opens nothing', async () => {
    await using stage = await openStage();
    const { promise, resolve } = Promise.withResolvers<void>();
    const start = SseClient.start(
      stage.system,
      SseClient.define({
        ...calm,
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
    await quiet();
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
    const whole = { ...calm, init: () => ok(0) };
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

  test('takes a name, and its payloads and callers are the user’s own', async () => {
    await using stage = await openStage();
    const behaviour = SseClient.define({
      ...calm,
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
  test('LIFE-01 while the name is looked up: nothing is opened, and nothing is called', async () => {
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
    await quiet();
    expect(stage.asked).toBe(0);
    expect(client.called).toEqual([]);
  });

  test.each(['http', 'https'])(
    'LIFE-01 while a server that says nothing is waited for (%s): the socket is closed, and nothing is called',
    async (protocol) => {
      await using stage = await openStage();
      const { promise: opened, resolve: open } = Promise.withResolvers<Socket>();
      await using silent = await serveRaw(open);
      const url = silent.url.replace('http', protocol);
      const { pid, client } = await observe(stage.system, once({ url }));
      const closed = onceEmitted(await opened, 'close');
      await GenServer.stop(pid);
      await closed;
      await quiet();
      expect(client.called).toEqual([]);
    },
  );

  test('LIFE-01 while a function is asked for the request: what it gives is not used', async () => {
    await using stage = await openStage();
    const { promise, resolve } = Promise.withResolvers<SseRequest>();
    const { pid, client } = await observe(
      stage.system,
      SseClient.define({ ...calm, init: () => connect(() => promise, undefined) }),
    );
    await GenServer.stop(pid);
    resolve(stage);
    await quiet();
    expect(stage.asked).toBe(0);
    expect(client.called).toEqual([]);
  });

  test('LIFE-02 while it waits for the next attempt: there is none', async () => {
    await using stage = await openStage();
    const { pid, client } = await observe(
      stage.system,
      SseClient.define({ ...calm, init: () => connect(stage, undefined, { after: 1000 }) }),
    );
    await advance(stage.system, 999);
    await GenServer.stop(pid);
    await advance(stage.system, 3_600_000);
    await quiet();
    expect(stage.asked).toBe(0);
    expect(client.called).toEqual([]);
  });

  test('LIFE-03 while it is connected: the server sees it at once, and a second stop is harmless', async () => {
    await using stage = await openStage();
    const { pid, client } = await observe(stage.system, once(stage));
    const { stream, closed } = await stage.next();
    stream();
    await client.next('handleConnect');
    const stops = [GenServer.stop(pid), GenServer.stop(pid)];
    expect(await Promise.allSettled(stops)).toMatchObject([
      { status: 'fulfilled' },
      { status: 'fulfilled' },
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
          ...calm,
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
        ...calm,
        init: () => connect(stage, undefined),
        handleConnect: (_response, state) => stop(normal, state),
      }),
    );
    const { request, closed } = await stage.next();
    request.socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: x\n\n');
    expect(await client.ended()).toEqual(normal);
    await closed;
    await quiet();
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
          ...calm,
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
        ...calm,
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
    const program = join(import.meta.dirname, 'support', 'rounds.ts');
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
            ...calm,
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
        await quiet();
        expect(client.called).toHaveLength(called);
        expect(stage.asked).toBe(index + 1);
        expect(stage.system.reports).toEqual([]);
      }
    },
  );

  test.each(['handleEvent', 'handleComment'] as const)(
    'while an async %s is pending: what is left of the packet is not handled when it settles',
    async (callback) => {
      await using stage = await openStage();
      const { promise, resolve } = Promise.withResolvers<string>();
      const { pid, client } = await observe(
        stage.system,
        SseClient.define({
          ...calm,
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

describe('a crash', () => {
  const error = new Error('broken');

  test.each(
    ['throws', 'rejects'].flatMap((how) =>
      [
        'handleConnect',
        'handleConnectFailure',
        'handleDisconnect',
        'handleEvent',
        'handleComment',
        'handleInfo',
      ].map((callback) => [callback, how] as const),
    ),
  )(
    'LIFE-09 a %s that %s ends the client with that error, and its socket',
    async (callback, how) => {
      await using stage = await openStage();
      const ends: unknown[] = [];
      const { pid, client } = await observe(
        stage.system,
        SseClient.define({
          ...calm,
          init: () => connect(stage, 'state'),
          handleComment: (_comment, state) => state,
          handleInfo: (_message: 'now', state) => noreply(state),
          terminate: (reason, state) => {
            ends.push([reason, state]);
          },
          [callback]: () => {
            if (how === 'throws') {
              throw error;
            }
            return Promise.reject(error);
          },
        }),
      );
      const exchange = await stage.next();
      provoke(exchange, callback);
      if (callback === 'handleInfo') {
        send(pid, 'now');
      }
      expect(await client.ended()).toEqual(crash(error));
      await exchange.closed;
      expect(ends).toEqual([[crash(error), 'state']]);
      expect(client.called.slice(-2)).toEqual([callback, 'terminate']);
    },
  );

  test('is reported once, with the process, the error and the state of the user', async () => {
    await using stage = await openStage();
    const { pid, client } = await observe(
      stage.system,
      SseClient.define({
        ...calm,
        init: () => connect(stage, { prices: 0 }),
        handleEvent: ({ data }, { prices }) => {
          if (data === 'bad') {
            throw error;
          }
          return { prices: prices + 1 };
        },
      }),
    );
    (await stage.next()).stream('data: 1\n\ndata: bad\n\n');
    await client.ended();
    expect(stage.system.reports).toHaveLength(1);
    expect(stage.system.reports[0]).toMatchObject({
      level: 'error',
      message: `process ${String(pid)} crashed: Error: broken`,
      details: { err: error, state: { prices: 1 } },
    });
  });

  test('what a callback answers without meaning it is one: undefined, and a bare state where an answer is wanted', async () => {
    await using stage = await openStage();
    for (const value of [undefined, { state: 1 }]) {
      const { client } = await observe(
        stage.system,
        SseClient.define({
          ...calm,
          init: () => connect(stage, 0),
          handleConnect: () => value as never,
        }),
      );
      (await stage.next()).stream();
      expect(await client.ended()).toEqual({ type: 'badReturnValue', value });
    }
  });

  test.each(['thrown', 'rejected with'])(
    'an answer that is %s is an answer, as in any server',
    async (how) => {
      await using stage = await openStage();
      const raise = (answer: SseClient.ClientAnswer<number>): Promise<never> => {
        if (how === 'thrown') {
          throw answer;
        }
        return Promise.reject(answer);
      };
      const { pid, client } = await observe(
        stage.system,
        SseClient.define({
          ...calm,
          init: () => connect(stage, 0),
          handleCall: { count: (_: void, count) => reply(count, count) },
          handleEvent: ({ data }, count) =>
            data === 'odd' ? raise(noreply(count + 10)) : count + 1,
          handleInfo: (_message: 'stop', count) => raise(stop(shutdownWith(count), count)),
        }),
      );
      const { stream, response } = await stage.next();
      stream('data: a\n\ndata: odd\n\n');
      await client.next('handleConnect');
      await client.next('handleEvent');
      await client.next('handleEvent');
      expect(await GenServer.call(pid, 'count')).toBe(11);
      response.write('data: b\n\n');
      await client.next('handleEvent');
      send(pid, 'stop');
      expect(await client.ended()).toEqual(shutdownWith(12));
    },
  );
});

describe('under a supervisor', () => {
  /** Counts from 0 in each life, and breaks on `bad`. */
  const counting = SseClient.define({
    ...calm,
    init: (request: SseRequest) => connect(request, 0),
    handleCall: { count: (_: void, count) => reply(count, count) },
    handleEvent: ({ data }, count) => {
      if (data === 'bad') {
        throw new Error(`broken after ${count}`);
      }
      return count + 1;
    },
  });

  test('LIFE-09 a crash in handleEvent starts the client anew, with a fresh init, and its socket is closed', async () => {
    await using stage = await openStage();
    const client = new Observer();
    const app = await Supervisor.startLink(stage.system, {
      strategy: 'oneForOne',
      children: [SseClient.childSpec(client.of(counting), stage, { id: 'prices' })],
    });
    const before = Supervisor.child(app, 'prices');
    const first = await stage.next();
    first.stream('data: 1\n\ndata: 2\n\ndata: bad\n\ndata: 3\n\n');
    expect(await client.ended()).toEqual(crash(new Error('broken after 2')));
    await first.closed;
    (await stage.next()).stream('data: 1\n\n');
    await client.next('handleConnect');
    await client.next('handleEvent');
    const after = Supervisor.child(app, 'prices');
    expect(after).not.toBe(before);
    expect(await GenServer.call(after, 'count')).toBe(1);
  });

  test('more than maxRestarts in maxSeconds end the supervisor, and the report says which child and why', async () => {
    await using stage = await openStage();
    const client = new Observer();
    await Supervisor.startLink(stage.system, {
      strategy: 'oneForOne',
      maxRestarts: 2,
      maxSeconds: 5,
      name: 'app',
      children: [SseClient.childSpec(client.of(counting), stage, { id: 'prices' })],
    });
    for (let life = 0; life < 3; life += 1) {
      (await stage.next()).stream('data: bad\n\n');
      await client.ended();
    }
    // It is linked to the system, which ends with it and for the same reason.
    expect(await stage.system.whenExited).toEqual(shutdown);
    await quiet();
    expect(stage.asked).toBe(3);
    expect(stage.system.reports.map(({ message }) => message).slice(-2)).toEqual([
      'supervisor app: child prices ended: Error: broken after 0',
      'supervisor app: child prices restarted more than 2 times in 5 s, giving up',
    ]);
  });

  test('as many within a longer time do not', async () => {
    await using stage = await openStage();
    const client = new Observer();
    const app = await Supervisor.startLink(stage.system, {
      strategy: 'oneForOne',
      maxRestarts: 2,
      maxSeconds: 5,
      children: [SseClient.childSpec(client.of(counting), stage, { id: 'prices' })],
    });
    for (let life = 0; life < 5; life += 1) {
      (await stage.next()).stream('data: bad\n\n');
      await client.ended();
      await advance(stage.system, 3000);
    }
    await stage.next();
    expect(isAlive(app)).toBe(true);
  });

  test('a client that ends normally is restarted if it is permanent, and not if it is transient', async () => {
    await using stage = await openStage();
    const mortal = SseClient.define({
      ...calm,
      init: (request: SseRequest) => connect(request, undefined),
      handleDisconnect: (_, state) => stop(normal, state),
    });
    await Supervisor.startLink(stage.system, {
      strategy: 'oneForOne',
      children: [
        SseClient.childSpec(mortal, { url: `${stage.url}?permanent` }, { id: 'a' }),
        SseClient.childSpec(
          mortal,
          { url: `${stage.url}?transient` },
          { id: 'b', restart: 'transient' },
        ),
      ],
    });
    for (let count = 0; count < 2; count += 1) {
      const { stream, response } = await stage.next();
      stream();
      response.end();
    }
    expect((await stage.next()).request.url).toBe('/events?permanent');
    await quiet();
    expect(stage.asked).toBe(3);
  });

  test('a client that traps exits has its terminate called when it is shut down', async () => {
    await using stage = await openStage();
    const client = new Observer();
    const trapping = SseClient.define({
      ...calm,
      init: (request: SseRequest, self) => {
        trapExit(self, true);
        return connect(request, undefined);
      },
      terminate: () => undefined,
    });
    const app = await Supervisor.startLink(stage.system, {
      strategy: 'oneForOne',
      children: [SseClient.childSpec(client.of(trapping), stage, { id: 'prices' })],
    });
    const { stream, closed } = await stage.next();
    stream();
    await client.next('handleConnect');
    await Supervisor.stop(app);
    await closed;
    expect(await client.next('terminate')).toEqual(shutdown);
  });

  test('the end of the supervisor closes the sockets', async () => {
    await using stage = await openStage();
    const client = new Observer();
    const app = await Supervisor.startLink(stage.system, {
      strategy: 'oneForOne',
      children: [SseClient.childSpec(client.of(counting), stage, { id: 'prices' })],
    });
    const { stream, closed } = await stage.next();
    stream();
    await client.next('handleConnect');
    await Supervisor.stop(app);
    await closed;
    expect(await client.ended()).toEqual(shutdown);
  });
});

test('without a handleInfo messages are reported and dropped, and the client goes on', async () => {
  await using stage = await openStage();
  const { pid, client } = await observe(stage.system, once(stage));
  send(pid, 'hello' as never);
  (await stage.next()).stream('data: x\n\n');
  await client.next('handleConnect');
  await client.next('handleEvent');
  expect(stage.system.reports).toMatchObject([
    { level: 'warn', message: `${String(pid)} has no handleInfo: message dropped` },
  ]);
});
