import { describe, expect, test } from '@jest/globals';
import { GenServer, normal, type Pid, send } from '@reprise/actor';
import { advance, settle } from '@reprise/actor/testing';

import {
  connect,
  noreply,
  reconnect,
  reply,
  type RequestSource,
  type ServerSentEvent,
  SseClient,
  type SseRequest,
  stop,
} from '../../src/index.ts';
import { defaults, observe, type Observer } from '../support/observed.ts';
import { type Exchange, openStage, settleNetwork, type Stage } from '../support/stage.ts';

type Answer = SseClient.ClientAnswer<number>;
/** A message: a function that makes the answer from the state. */
type Order = (state: number) => Answer | Promise<Answer>;

const callbacks = {
  ...defaults,
  handleCall: {
    order: (order: Order, state: number, from: GenServer.From<string>) => {
      GenServer.reply(from, 'received');
      return order(state);
    },
    state: (_: void, state: number) => reply(state, state),
  },
  handleCast: { order: (order: Order, state: number) => order(state) },
  handleInfo: (order: Order, state: number) => order(state),
};

/** A message, a cast or a call carries its answer. After a failure it waits for a minute. */
function scripted(request: RequestSource) {
  return SseClient.define({
    ...callbacks,
    init: () => connect(request, 0),
    handleConnectFailure: (_failure, state) => connect(request, state, { after: 60_000 }),
  });
}

type Scripted = SseClient.ServerOf<ReturnType<typeof scripted>>;

const ways: readonly (readonly [string, (pid: Scripted, order: Order) => unknown])[] = [
  ['handleInfo', (pid, order) => send(pid, order)],
  ['handleCast', (pid, order) => GenServer.cast(pid, 'order', order)],
  ['handleCall', (pid, order) => GenServer.call(pid, 'order', order)],
];

/** A busy client and its request. */
interface Scene {
  readonly pid: Scripted;
  readonly client: Observer;
  readonly exchange: Exchange;
}

async function connecting(stage: Stage): Promise<Scene> {
  const started = await observe(stage.system, scripted(stage));
  return { ...started, exchange: await stage.next() };
}

async function waiting(stage: Stage): Promise<Scene> {
  const scene = await connecting(stage);
  scene.exchange.refuse(503);
  await scene.client.next('handleConnectFailure');
  return scene;
}

async function connected(stage: Stage): Promise<Scene> {
  const scene = await connecting(stage);
  scene.exchange.stream();
  await scene.client.next('handleConnect');
  return scene;
}

/** Holds the client in a callback until the test provides the answer. */
function hold(pid: Pid<Order>): (answer: Order) => void {
  const { promise, resolve } = Promise.withResolvers<Order>();
  send(pid, async (state) => (await promise)(state));
  return resolve;
}

describe.each([
  ['connecting', connecting],
  ['waiting', waiting],
  ['connected', connected],
])('while it is %s', (_phase, setUp) => {
  test('LIFE-10 messages, casts and calls are handled', async () => {
    await using stage = await openStage();
    const { pid } = await setUp(stage);
    for (const [, sendOrder] of ways) {
      void sendOrder(pid, (state) => noreply(state + 1));
    }
    expect(await GenServer.call(pid, 'state')).toBe(3);
  });

  test.each(ways)('stop from %s acts at once', async (_way, sendOrder) => {
    await using stage = await openStage();
    const { pid, client, exchange } = await setUp(stage);
    void sendOrder(pid, (state) => stop(normal, state));
    expect(await client.ended()).toEqual(normal);
    await exchange.closed;
    await advance(stage.system, 3_600_000);
    await settleNetwork();
    expect(stage.asked).toBe(1);
  });

  test.each(ways)(
    'reconnect from %s acts at once, and nothing of the older generation is left',
    async (_way, sendOrder) => {
      await using stage = await openStage();
      const { pid, client, exchange } = await setUp(stage);
      const request = { url: stage.url, idleTimeout: Infinity };
      void sendOrder(pid, (state) => reconnect(request, state));
      const second = await stage.next();
      await exchange.closed;
      second.stream();
      await client.until('handleConnect');
      await advance(stage.system, 3_600_000);
      await settleNetwork();
      expect(stage.asked).toBe(2);
      expect(client.called).not.toContain('handleDisconnect');
    },
  );
});

describe('a connect that waits', () => {
  test.each(ways)(
    'connect from %s, while it waits, acts at once in its place',
    async (_way, sendOrder) => {
      await using stage = await openStage();
      const { pid, client } = await waiting(stage);
      void sendOrder(pid, (state) => connect(stage, state));
      (await stage.next()).stream();
      await client.until('handleConnect');
      await advance(stage.system, 3_600_000);
      await settleNetwork();
      expect(stage.asked).toBe(2);
    },
  );

  test.each([30_000, 90_000])(
    'connect with `after` (%i ms), while it waits, replaces the older one',
    async (after) => {
      await using stage = await openStage();
      const { pid, client } = await waiting(stage);
      send(pid, (state) => connect(stage, state, { after }));
      await client.next('handleInfo');
      await advance(stage.system, after - 1);
      await settleNetwork();
      expect(stage.asked).toBe(1);
      await advance(stage.system, 1);
      (await stage.next()).stream();
      await client.next('handleConnect');
      await advance(stage.system, 3_600_000);
      await settleNetwork();
      expect(stage.asked).toBe(2);
    },
  );

  test.each([NaN, -1, Infinity])(
    'whose `after` is %d crashes the client, and does not connect at once',
    async (after) => {
      await using stage = await openStage();
      const { client } = await observe(
        stage.system,
        SseClient.define({
          ...defaults,
          init: () => connect(stage, 0),
          handleConnectFailure: (_failure, state) => connect(stage, state, { after }),
        }),
      );
      (await stage.next()).refuse(503);
      await client.next('handleConnectFailure');
      await settleNetwork();
      expect(stage.asked).toBe(1);
      expect(await client.ended()).toMatchObject({ type: 'crash', error: expect.any(RangeError) });
    },
  );

  test('that falls due while a callback answers with another is dropped', async () => {
    await using stage = await openStage();
    const { pid, client } = await waiting(stage);
    const answer = hold(pid);
    await client.next('handleInfo');
    await advance(stage.system, 60_000);
    answer((state) => connect(stage, state, { after: 5000 }));
    await advance(stage.system, 4999);
    await settleNetwork();
    expect(stage.asked).toBe(1);
    await advance(stage.system, 1);
    await stage.next();
    expect(stage.asked).toBe(2);
  });

  test.each<[string, (exchange: Exchange) => unknown]>([
    [
      'made',
      ({ stream }) => {
        stream('data: old\n\n');
      },
    ],
    [
      'refused',
      ({ refuse }) => {
        refuse(503);
      },
    ],
    ['reset', ({ request }) => request.socket.resetAndDestroy()],
  ])(
    'whose connection is %s while a callback answers with another is ignored',
    async (_how, act) => {
      await using stage = await openStage();
      const { pid, client, exchange } = await connecting(stage);
      const answer = hold(pid);
      await client.next('handleInfo');
      act(exchange);
      await settleNetwork();
      answer((state) => reconnect({ url: `${stage.url}?new` }, state));
      (await stage.next()).stream('data: new\n\n');
      expect((await client.next('handleConnect')).url).toMatch(/new$/);
      expect(await client.next('handleEvent')).toMatchObject({ data: 'new' });
    },
  );

  test.each<[string, (exchange: Exchange) => unknown]>([
    ['brings events', ({ response }) => response.write('data: old\n\ndata: older\n\n')],
    ['ends', ({ response }) => response.end('data: old\n\n')],
    ['is reset', ({ request }) => request.socket.resetAndDestroy()],
  ])('whose stream %s while a callback answers with another is ignored', async (_how, act) => {
    await using stage = await openStage();
    const { pid, client, exchange } = await connected(stage);
    const answer = hold(pid);
    await client.next('handleInfo');
    act(exchange);
    await settleNetwork();
    answer((state) => reconnect(stage, state));
    (await stage.next()).stream('data: new\n\n');
    await client.next('handleConnect');
    expect(await client.next('handleEvent')).toMatchObject({ data: 'new' });
  });

  test('that is replaced leaves no timer behind', async () => {
    await using stage = await openStage();
    const { pid, client } = await observe(
      stage.system,
      SseClient.define({
        ...defaults,
        init: () => connect(stage, 0, { after: 1000 }),
        handleInfo: (message: 'later' | 'rest' | { readonly type: 'timeout' }, state) =>
          message === 'later'
            ? connect(stage, state, { after: 9000 })
            : noreply(state, { timeout: 3000 }),
      }),
    );
    send(pid, 'later');
    send(pid, 'rest');
    await settle(stage.system);
    // A timer would send a message, and that message would end the receive.
    await advance(stage.system, 3000);
    await client.next('handleInfo');
    await client.next('handleInfo');
    expect(await client.next('handleInfo')).toEqual({ type: 'timeout' });
  });

  test.each(['resolves', 'rejects'])(
    'whose request is still pending is dropped with it: the request function that %s late has no effect',
    async (how) => {
      await using stage = await openStage();
      const late = Promise.withResolvers<SseRequest>();
      const { pid, client } = await observe(
        stage.system,
        scripted(() => late.promise),
      );
      send(pid, (state) => reconnect(stage, state));
      (await stage.next()).stream();
      await client.next('handleInfo');
      await client.next('handleConnect');
      if (how === 'resolves') {
        late.resolve(stage);
      } else {
        late.reject(new Error('too late'));
      }
      await settle(stage.system);
      await settleNetwork();
      expect(stage.asked).toBe(1);
      expect(client.called).toEqual(['handleInfo', 'handleConnect']);
    },
  );
});

describe('a message that comes while a packet of 100 events is handled', () => {
  const all = Array.from({ length: 100 }, (_, index) => String(index));
  const packet = all.map((data) => `data: ${data}\n\n`).join('');

  /**
   * Records the events and messages in the order of handling. Calls back during the fourth event.
   */
  async function play(
    stage: Stage,
    how: 'sync' | 'async',
    inTheFourth: (pid: Scripted, order: (name: string, answer?: Order) => Order) => unknown,
  ) {
    const order: string[] = [];
    const named =
      (name: string, answer: Order = noreply): Order =>
      (state) => {
        order.push(name);
        return answer(state);
      };
    const handle = (event: ServerSentEvent, state: number, { pid }: { readonly pid: Pid }) => {
      if (event.data === '3') {
        inTheFourth(pid as Scripted, named);
      }
      order.push(event.data);
      return state + 1;
    };
    const started = await observe(
      stage.system,
      SseClient.define({
        ...callbacks,
        init: () => connect(stage, 0),
        handleEvent:
          how === 'sync'
            ? handle
            : async (event, state, self) => {
                await new Promise(setImmediate);
                return handle(event, state, self);
              },
      }),
    );
    const exchange = await stage.next();
    exchange.stream(packet);
    return { ...started, exchange, order };
  }

  describe.each(['sync', 'async'] as const)('(handleEvent is %s)', (how) => {
    // A synchronous handleEvent would have to call its own client, which cannot answer.
    test.each(how === 'sync' ? ways.slice(0, 2) : ways)(
      'waits for one event at most: %s',
      async (_way, sendOrder) => {
        await using stage = await openStage();
        const { client, exchange, order } = await play(stage, how, (pid, named) =>
          sendOrder(pid, named('message')),
        );
        exchange.response.end();
        await client.until('handleDisconnect');
        expect(order).toEqual([...all.slice(0, 4), 'message', ...all.slice(4)]);
      },
    );

    test('takes its turn among messages, and no event is lost or handled twice', async () => {
      await using stage = await openStage();
      const { client, exchange, order } = await play(stage, how, (pid, named) => {
        for (const name of ['a', 'b']) {
          send(
            pid,
            named(name, (state) => {
              send(pid, named(`after ${name}`));
              return noreply(state);
            }),
          );
        }
      });
      exchange.response.end('data: 100\n\n');
      await client.until('handleDisconnect');
      const expected = ['a', 'b', '4', 'after a', 'after b'];
      expect(order).toEqual([...all.slice(0, 4), ...expected, ...all.slice(5), '100']);
    });

    test('and stops is handled after at most one more event', async () => {
      await using stage = await openStage();
      const { client, order } = await play(stage, how, (pid, named) => {
        send(
          pid,
          named('stop', (state) => stop(normal, state)),
        );
      });
      expect(await client.ended()).toEqual(normal);
      await settle(stage.system);
      expect(order).toEqual([...all.slice(0, 4), 'stop']);
    });

    test('and reconnects drops the rest of the packet', async () => {
      await using stage = await openStage();
      const { client, order, exchange } = await play(stage, how, (pid, named) => {
        send(
          pid,
          named('reconnect', (state) => reconnect(stage, state)),
        );
      });
      const second = await stage.next();
      await exchange.closed;
      second.stream('data: new\n\n');
      second.response.end();
      await client.until('handleDisconnect');
      expect(order).toEqual([...all.slice(0, 4), 'reconnect', 'new']);
    });
  });
});

describe('noreply with a timeout: handleInfo gets the timeout when no message has come by then,', () => {
  const timeout = { timeout: 1000 };

  test.each(['handleConnect', 'handleEvent', 'handleComment', 'handleDisconnect'] as const)(
    'from %s',
    async (callback) => {
      await using stage = await openStage();
      const { client } = await observe(
        stage.system,
        SseClient.define({
          ...defaults,
          init: () => connect(stage, 0),
          handleInfo: (_message: { readonly type: 'timeout' }, state) => noreply(state),
          handleComment: (_comment, state) => state,
          [callback]: (_subject: unknown, state: number) => noreply(state, timeout),
        }),
      );
      const { stream, response } = await stage.next();
      stream({ handleEvent: 'data: x\n\n', handleComment: ':\n' }[callback as string]);
      if (callback === 'handleDisconnect') {
        response.end();
      }
      await client.until(callback);
      await advance(stage.system, 999);
      expect(client.called.at(-1)).toBe(callback);
      await advance(stage.system, 1);
      expect(client.called.at(-1)).toBe('handleInfo');
      expect(await client.next('handleInfo')).toEqual({ type: 'timeout' });
    },
  );

  test('and until then the rest of the packet is handled', async () => {
    await using stage = await openStage();
    const { client } = await observe(
      stage.system,
      SseClient.define({
        ...defaults,
        init: () => connect(stage, 0),
        handleEvent: (_event, state) => noreply(state, timeout),
        handleInfo: (_message: { readonly type: 'timeout' }, state) => noreply(state),
      }),
    );
    const { stream, response } = await stage.next();
    stream('data: a\n\ndata: b\n\n');
    await client.next('handleConnect');
    expect(await client.next('handleEvent')).toMatchObject({ data: 'a' });
    expect(await client.next('handleEvent')).toMatchObject({ data: 'b' });
    response.write('data: c\n\n');
    expect(await client.next('handleEvent')).toMatchObject({ data: 'c' });
    await advance(stage.system, 1000);
    expect(await client.next('handleInfo')).toEqual({ type: 'timeout' });
  });

  test('and an event counts as a message', async () => {
    await using stage = await openStage();
    const { client } = await observe(
      stage.system,
      SseClient.define({
        ...defaults,
        init: () => connect({ url: stage.url, idleTimeout: Infinity }, 0),
        handleConnect: (_response, state) => noreply(state, timeout),
        handleInfo: (_message: { readonly type: 'timeout' }, state) => noreply(state),
      }),
    );
    const { stream, response } = await stage.next();
    stream();
    await client.next('handleConnect');
    await advance(stage.system, 999);
    response.write('data: x\n\n');
    await client.next('handleEvent');
    await advance(stage.system, 3_600_000);
    expect(client.called).toEqual(['handleConnect', 'handleEvent']);
  });
});

test('a message that cannot be read, such as a proxy that is revoked, goes to handleInfo', async () => {
  await using stage = await openStage();
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const seen: boolean[] = [];
  const client = SseClient.define({
    ...defaults,
    init: () => connect({ url: stage.url }, 0),
    handleInfo: (message: object, state) => {
      seen.push(message === proxy);
      return noreply(state);
    },
  });
  const pid = await SseClient.start(stage.system, client, undefined);
  send(pid, proxy);
  await settle(stage.system);
  expect(seen).toEqual([true]);
});
