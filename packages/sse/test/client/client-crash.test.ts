import { describe, expect, test } from '@jest/globals';
import {
  crash,
  GenServer,
  isAlive,
  normal,
  type Process,
  send,
  setLabel,
  shutdown,
  shutdownWith,
  Supervisor,
  trapExit,
} from '@reprise/actor';
import { advance } from '@reprise/actor/testing';

import { connect, noreply, reply, SseClient, type SseRequest, stop } from '../../src/index.ts';
import { defaults, observe, Observer, once, provoke } from '../support/observed.ts';
import { openStage, settleNetwork } from '../support/stage.ts';

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
          ...defaults,
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
        ...defaults,
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

  test('undefined crashes the client, and so does a bare state where an answer is required', async () => {
    await using stage = await openStage();
    for (const value of [undefined, { state: 1 }]) {
      const { client } = await observe(
        stage.system,
        SseClient.define({
          ...defaults,
          init: () => connect(stage, 0),
          handleConnect: () => value as never,
        }),
      );
      (await stage.next()).stream();
      expect(await client.ended()).toEqual({ type: 'badReturnValue', value });
    }
  });

  test.each(['thrown', 'rejected'])(
    'an answer that is %s counts as returned, as in any server',
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
          ...defaults,
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
  /** Counts events from 0 after each start, and crashes on `bad`. */
  const counting = SseClient.define({
    ...defaults,
    init: (request: SseRequest) => connect(request, 0),
    handleCall: { count: (_: void, count) => reply(count, count) },
    handleEvent: ({ data }, count) => {
      if (data === 'bad') {
        throw new Error(`broken after ${count}`);
      }
      return count + 1;
    },
  });

  test('LIFE-09 a crash in handleEvent closes the socket and starts the client again, from init', async () => {
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

  test('more than maxRestarts in maxSeconds end the supervisor, and the report has the child and the reason', async () => {
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
    // It is linked to the system, which exits with the same reason.
    expect(await stage.system.whenExited).toEqual(shutdown);
    await settleNetwork();
    expect(stage.asked).toBe(3);
    expect(stage.system.reports.map(({ message }) => message).slice(-2)).toEqual([
      expect.stringMatching(
        /^child "prices" \(\S+\) of supervisor app crashed: Error: broken after 0$/,
      ),
      expect.stringMatching(
        /^supervisor app gave up: child "prices" \(\S+\) failed 3 times in 5 s: Error: broken after 0$/,
      ),
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
      ...defaults,
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
    await settleNetwork();
    expect(stage.asked).toBe(3);
  });

  test('a client that traps exits has its terminate called when it is shut down', async () => {
    await using stage = await openStage();
    const client = new Observer();
    const trapping = SseClient.define({
      ...defaults,
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

test('a warning about a client has its label', async () => {
  await using stage = await openStage();
  const { pid } = await observe(stage.system, {
    ...once(stage),
    init: (_arg: unknown, self: Process) => {
      setLabel(self, 'prices');
      return connect(stage, undefined);
    },
  });
  send(pid, 'hello' as never);
  await stage.next();
  expect(stage.system.reports).toMatchObject([
    {
      message: `${String(pid)} has no handleInfo: message dropped`,
      details: { label: 'prices', message: 'hello' },
    },
  ]);
});
