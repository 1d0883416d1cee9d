import { expect, test } from '@jest/globals';
import {
  GenServer,
  normal,
  type Pid,
  type Process,
  send,
  Supervisor,
  type System,
} from '@reprise/actor';
import { expectTypeOf } from 'expect-type';

import {
  type ConnectFailure,
  connect,
  type Disconnect,
  GaveUpError,
  type HandleContext,
  ignore,
  noreply,
  ok,
  reconnect,
  reply,
  type RequestContext,
  type ServerSentEvent,
  SseClient,
  stop,
} from '../../src/index.ts';
import { defaults } from '../support/observed.ts';

/** For the compiler only: never runs. */
const misuse = (_wrong: (system: System) => unknown): void => undefined;
const self = undefined as never;

const request = ({ url, lastEventId }: { readonly url: string; readonly lastEventId: string }) => ({
  url,
  lastEventId,
});

const feed = SseClient.define({
  init: (url: string) => {
    const state = { url, lastEventId: '' };
    return connect(request(state), state);
  },
  handleConnect: (_response, state) => noreply(state),
  handleConnectFailure: (_failure, state) => connect(request(state), state, { after: 1_000 }),
  handleDisconnect: (_disconnect, state) => connect(request(state), state),
  handleEvent: (event, state) => ({ ...state, lastEventId: event.id ?? state.lastEventId }), // the new state, nothing allocated
  handleInfo: (_message: 'stop', state) => stop(normal, state),
});

test('a feed is a plain object, whose callbacks are functions of their arguments', () => {
  const state = { url: 'http://localhost/', lastEventId: '7' };
  const closed = { type: 'closed', lastEventId: '', retry: undefined } as const;
  const event: ServerSentEvent = { type: 'message', data: 'x', id: '8', lastEventId: '8' };
  expect(feed.handleDisconnect(closed, state, self)).toEqual(connect(request(state), state));
  expect(feed.handleEvent(event, state, self)).toEqual({ ...state, lastEventId: '8' });
  expect(feed.handleInfo?.('stop', state, self)).toEqual(stop(normal, state));
});

test('its state has the type of init, its argument and its messages have their annotated types', () => {
  type State = { url: string; lastEventId: string };
  expectTypeOf<Parameters<typeof feed.handleEvent>[1]>().toEqualTypeOf<State>();
  expectTypeOf<GenServer.ArgOf<typeof feed>>().toEqualTypeOf<string>();
  expectTypeOf<SseClient.ServerOf<typeof feed>>().toExtend<Pid<'stop'>>();
  misuse((system) => {
    void SseClient.start(system, feed, 'http://localhost/');
    // @ts-expect-error: the argument is a string
    void SseClient.start(system, feed, 5);
    // @ts-expect-error: the argument is missing
    void SseClient.startLink(system, feed);
    // @ts-expect-error: a child needs an id
    SseClient.childSpec(feed, 'http://localhost/', {});
  });
  expect(Object.keys(feed)).toContain('init');
});

test('the state is inferred from an init of any form', () => {
  SseClient.define({
    ...defaults,
    init: async (count: number) => connect({ url: '' }, { count }),
    handleConnect: (_response, state) => {
      expectTypeOf(state).toEqualTypeOf<{ count: number }>();
      return noreply(state);
    },
  });
  SseClient.define({
    ...defaults,
    init: (count: number, self) => {
      expectTypeOf(self).toEqualTypeOf<Process>();
      return ok({ count });
    },
    handleConnect: (_response, state) => {
      expectTypeOf(state).toEqualTypeOf<{ count: number }>();
      return noreply(state);
    },
  });
  SseClient.define({
    ...defaults,
    init: async (count: number, _self) => {
      if (count === 0) {
        return ignore;
      }
      return count < 0 ? stop(normal) : connect(async () => ({ url: '' }), { count }, { after: 5 });
    },
    handleConnect: (_response, state) => {
      expectTypeOf(state).toEqualTypeOf<{ count: number }>();
      return noreply(state);
    },
  });
  const bare = SseClient.define({ ...defaults, init: () => ok(0) });
  expectTypeOf<Parameters<typeof bare.handleEvent>[1]>().toEqualTypeOf<number>();
  expect(bare.init(undefined as never, self)).toEqual(ok(0));
});

test('each callback knows the type of its subject', () => {
  const behaviour = SseClient.define({
    init: () => ok(0),
    handleConnect: (response, state, self) => {
      expectTypeOf(response.status).toEqualTypeOf<200>();
      expectTypeOf(response.url).toEqualTypeOf<string>();
      expectTypeOf(self).toEqualTypeOf<Process>();
      return noreply(state);
    },
    handleConnectFailure: (failure, state) => {
      expectTypeOf(failure).toEqualTypeOf<ConnectFailure>();
      if (failure.type === 'status') {
        expectTypeOf(failure.status).toEqualTypeOf<number>();
        expectTypeOf(failure.body).toEqualTypeOf<string>();
      }
      // @ts-expect-error: not every failure has a status
      expectTypeOf(failure.status);
      return noreply(state);
    },
    handleDisconnect: (disconnected, state) => {
      expectTypeOf(disconnected.lastEventId).toEqualTypeOf<string>();
      expectTypeOf(disconnected.retry).toEqualTypeOf<number | undefined>();
      return noreply(state);
    },
    handleEvent: (event, state) => {
      expectTypeOf(event).toEqualTypeOf<ServerSentEvent>();
      return state;
    },
    handleComment: (comment, state) => {
      expectTypeOf(comment).toEqualTypeOf<string>();
      return state;
    },
  });
  expect(behaviour.handleInfo).toBeUndefined();
});

test('handleEvent returns the next state, or an answer, or a promise of either', () => {
  const answers = [
    SseClient.define({ ...defaults, init: () => ok(0), handleEvent: (_event, state) => state + 1 }),
    SseClient.define({
      ...defaults,
      init: () => ok(0),
      handleEvent: ({ data }, state) => {
        if (data === 'end') {
          return stop(normal, state);
        }
        return data === 'again' ? reconnect({ url: '' }, state) : state;
      },
    }),
    SseClient.define({
      ...defaults,
      init: () => ok(0),
      handleEvent: async ({ data }, state) => (data === 'end' ? stop(normal, state) : state + 1),
    }),
  ];
  SseClient.define({
    ...defaults,
    init: () => ok(0),
    // @ts-expect-error: not the state's type
    handleEvent: () => 'one',
  });
  SseClient.define({
    ...defaults,
    init: () => ok(0),
    // @ts-expect-error: the state is forgotten
    handleEvent: () => {},
  });
  expect(answers).toHaveLength(3);
});

test('a literal in a new state stays one in an answer, and is widened in a bare state', () => {
  type State = { readonly phase: 'idle' | 'busy' };
  const behaviour = SseClient.define({
    init: () => connect<State>({ url: '' }, { phase: 'idle' }),
    handleConnect: (_response, state) => noreply({ ...state, phase: 'busy' }),
    handleConnectFailure: async (_failure, state) =>
      connect({ url: '' }, { ...state, phase: 'busy' }),
    handleDisconnect: (_disconnected, state) => stop(normal, { ...state, phase: 'idle' }),
    handleEvent: (_event, state) => noreply({ ...state, phase: 'busy' }),
    handleComment: async (_comment, state) => reconnect({ url: '' }, { ...state, phase: 'busy' }),
    handleCast: { rest: (_: undefined, state) => noreply({ ...state, phase: 'idle' }) },
  });
  misuse(() => [
    SseClient.define({
      ...defaults,
      init: () => ok<State>({ phase: 'idle' }),
      // @ts-expect-error: there is no such phase
      handleConnect: (_response, state) => noreply({ ...state, phase: 'bored' }),
    }),
    SseClient.define({
      ...defaults,
      init: () => ok<State>({ phase: 'idle' }),
      handleEvent: (_event, state) => ({ ...state, phase: 'busy' }),
    }),
    SseClient.define({
      ...defaults,
      init: () => ok<State>({ phase: 'idle' }),
      handleEvent: async (_event, state) => ({ ...state, phase: 'busy' }),
    }),
  ]);
  expect(behaviour.handleConnect(undefined as never, { phase: 'idle' }, self)).toEqual(
    noreply({ phase: 'busy' }),
  );
});

test('misuse does not compile', () => {
  const url = 'http://localhost/';
  misuse(() => [
    // @ts-expect-error: the state is forgotten
    connect({ url }),
    // @ts-expect-error: the state is forgotten
    reconnect({ url }),
    SseClient.define({
      ...defaults,
      init: () => ok({ count: 0 }),
      // @ts-expect-error: request and state are swapped
      handleDisconnect: (_disconnected, state) => connect(state, { url }),
    }),
    SseClient.define({
      ...defaults,
      init: () => ok(0),
      // @ts-expect-error: `after` is in an object
      handleDisconnect: (_disconnected, state) => connect({ url }, state, 1000),
    }),
    SseClient.define({
      ...defaults,
      init: () => ok(0),
      // @ts-expect-error: a bare state is no answer here
      handleConnect: (_response, state) => state,
    }),
    SseClient.define({
      ...defaults,
      init: () => ok(0),
      // @ts-expect-error: nothing is no answer
      handleConnect: () => {},
    }),
    SseClient.define({
      ...defaults,
      init: () => ok(0),
      // @ts-expect-error: another state
      handleConnectFailure: () => noreply('one'),
    }),
    SseClient.define({
      ...defaults,
      init: () => ok(0),
      // @ts-expect-error: a message has no caller to reply to
      handleInfo: (_message: 'x', state) => reply(1, state),
    }),
    SseClient.define({
      ...defaults,
      // @ts-expect-error: there is nothing to drop yet
      init: () => reconnect({ url }, 0),
    }),
    SseClient.define({
      ...defaults,
      init: () => ok(0),
      // @ts-expect-error: a client has no handleContinue
      handleConnect: (_response, state) => noreply(state, { continue: 1 }),
    }),
    // @ts-expect-error: handleEvent is missing
    SseClient.define({
      init: () => ok(0),
      handleConnect: defaults.handleConnect,
      handleConnectFailure: defaults.handleConnectFailure,
      handleDisconnect: defaults.handleDisconnect,
    }),
    // @ts-expect-error: init is missing
    SseClient.define({ ...defaults }),
    SseClient.define({
      ...defaults,
      init: () => ok(0),
      // @ts-expect-error: no callback has this name
      handleEvents: () => 0,
    }),
  ]);
  expect(misuse).toBeInstanceOf(Function);
});

test('a pid takes the messages of its handleInfo and no others', () => {
  const silent = SseClient.define({ ...defaults, init: () => ok(0) });
  misuse(() => {
    const pid = {} as SseClient.ServerOf<typeof feed>;
    send(pid, 'stop');
    // @ts-expect-error: not a message of this client
    send(pid, 'go');
    const deaf = {} as SseClient.ServerOf<typeof silent>;
    // @ts-expect-error: without a handleInfo there is nothing to send
    send(deaf, 'stop');
    // @ts-expect-error: a look-alike is no pid
    send({ id: 1 }, 'stop');
  });
  expect(silent.handleInfo).toBeUndefined();
});

test('calls and casts are typed by their clauses', () => {
  const stack = SseClient.define({
    ...defaults,
    init: () => ok([] as readonly string[]),
    handleCall: {
      size: (_, items) => reply(items.length, items),
      take: (count: number, items) => reply(items.slice(0, count), items.slice(count)),
      close: (_: undefined, items) => stop(normal, 'closed' as const, items),
      later: (_: undefined, items, _from: GenServer.From<boolean>) => noreply(items),
      again: (url: string, items) => reconnect({ url }, items),
    },
    handleCast: {
      push: (item: string, items) => noreply([item, ...items]),
      clear: () => noreply([]),
    },
  });
  misuse(() => {
    const pid = {} as SseClient.ServerOf<typeof stack>;
    expectTypeOf(GenServer.call(pid, 'size')).toEqualTypeOf<Promise<number>>();
    expectTypeOf(GenServer.call(pid, 'take', 2)).toEqualTypeOf<Promise<string[]>>();
    expectTypeOf(GenServer.call(pid, 'close')).toEqualTypeOf<Promise<'closed'>>();
    expectTypeOf(GenServer.call(pid, 'later')).toEqualTypeOf<Promise<boolean>>();
    expectTypeOf(GenServer.call(pid, 'again', '')).toEqualTypeOf<Promise<never>>();
    GenServer.cast(pid, 'push', 'x');
    GenServer.cast(pid, 'clear');
    // @ts-expect-error: no such request
    void GenServer.call(pid, 'pop');
    // @ts-expect-error: a cast is no call
    void GenServer.call(pid, 'push', 'x');
    // @ts-expect-error: the payload is forgotten
    void GenServer.call(pid, 'take');
    // @ts-expect-error: the payload is a number
    void GenServer.call(pid, 'take', 'two');
    // @ts-expect-error: no such cast
    GenServer.cast(pid, 'pull', 'x');
    // @ts-expect-error: the payload is a string
    GenServer.cast(pid, 'push', 5);
    const none = {} as SseClient.ServerOf<typeof feed>;
    // @ts-expect-error: a client without clauses takes no call
    void GenServer.call(none, 'size');
    // @ts-expect-error: nor a cast
    GenServer.cast(none, 'anything');
  });
  SseClient.define({
    ...defaults,
    init: () => ok(0),
    // @ts-expect-error: another state
    handleCall: { size: () => reply(1, 'one') },
  });
  SseClient.define({
    ...defaults,
    init: () => ok(0),
    // @ts-expect-error: a cast has no caller to reply to
    handleCast: { size: (_: undefined, state: number) => reply(1, state) },
  });
  expect(Object.keys(stack.handleCall ?? {})).toContain('size');
});

test('a supervisor knows its clients by id', () => {
  misuse(async (system) => {
    const app = await Supervisor.startLink(system, {
      strategy: 'oneForOne',
      children: [
        SseClient.childSpec(feed, '', { id: 'feed' }),
        SseClient.resilient({ id: 'prices', url: '', handle: () => undefined }),
      ],
    });
    expectTypeOf(Supervisor.child(app, 'feed')).toEqualTypeOf<SseClient.ServerOf<typeof feed>>();
    expectTypeOf(Supervisor.child(app, 'prices')).toEqualTypeOf<Pid>();
    // @ts-expect-error: no such child
    Supervisor.child(app, 'news');
    // @ts-expect-error: a resilient client accepts no messages
    send(Supervisor.child(app, 'prices'), 'stop');
  });
  expect(misuse).toBeInstanceOf(Function);
});

test('the options of resilient are typed', () => {
  const said: string[] = [];
  const spec = SseClient.resilient({
    id: 'prices',
    url: async (context) => {
      expectTypeOf(context).toEqualTypeOf<RequestContext>();
      return new URL('https://example.com/prices');
    },
    headers: ({ lastEventId, attempt }) => {
      expectTypeOf(lastEventId).toEqualTypeOf<string>();
      expectTypeOf(attempt).toEqualTypeOf<number>();
      return { authorization: 'Bearer token', absent: undefined };
    },
    method: 'POST',
    body: async ({ self, signal }) => {
      expectTypeOf(self).toEqualTypeOf<Process>();
      expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
      return new Uint8Array();
    },
    idleTimeout: 45_000,
    until: (event, context) => {
      expectTypeOf(context).toEqualTypeOf<HandleContext>();
      return event.data === '';
    },
    handle: async (event, context) => {
      expectTypeOf(event).toEqualTypeOf<ServerSentEvent>();
      expectTypeOf(context).toEqualTypeOf<HandleContext>();
      expectTypeOf(context.self).toEqualTypeOf<Process>();
      expectTypeOf(context.signal).toEqualTypeOf<AbortSignal>();
    },
    onStatus: (status, context) => {
      expectTypeOf(context).toEqualTypeOf<HandleContext>();
      switch (status.type) {
        case 'connecting':
          expectTypeOf(status.attempt).toEqualTypeOf<number>();
          break;
        case 'connected':
          expectTypeOf(status.url).toEqualTypeOf<string>();
          break;
        case 'disconnected':
          expectTypeOf(status.after).toEqualTypeOf<number>();
          break;
        case 'resumed':
        case 'ignored':
          expectTypeOf(status.lastEventId).toEqualTypeOf<string>();
          break;
        case 'gap':
          expectTypeOf(status.begins).toEqualTypeOf<string>();
          break;
        case 'fresh':
        case 'ended':
          break;
        case 'gaveUp':
          expectTypeOf(status.reason).toEqualTypeOf<string>();
          break;
        default:
          said.push(status satisfies never);
      }
    },
  });
  expectTypeOf(spec.id).toEqualTypeOf<'prices'>();
  misuse(() => [
    // @ts-expect-error: handle is missing
    SseClient.resilient({ id: 'a', url: '' }),
    // @ts-expect-error: url is missing
    SseClient.resilient({ id: 'a', handle: () => undefined }),
    // @ts-expect-error: id is missing
    SseClient.resilient({ url: '', handle: () => undefined }),
    // @ts-expect-error: a stream cannot be sent again
    SseClient.resilient({ id: 'a', url: '', handle: () => undefined, body: new ReadableStream() }),
    // @ts-expect-error: no such restart
    SseClient.resilient({ id: 'a', url: '', handle: () => undefined, restart: 'sometimes' }),
    // @ts-expect-error: the value that handle returns would be lost
    SseClient.resilient({ id: 'a', url: '', handle: () => 5 }),
  ]);
  expect(said).toEqual([]);
});

test('status and onStatus count attempts alike, and have a type each', () => {
  expectTypeOf(SseClient.status).returns.toEqualTypeOf<SseClient.Status>();
  type Connecting = Extract<SseClient.StatusChange, { readonly type: 'connecting' }>;
  expectTypeOf<Connecting['attempt']>().toEqualTypeOf<SseClient.Status['attempt']>();
  expectTypeOf<SseClient.ResilientOptions['onStatus']>().toEqualTypeOf<
    ((change: SseClient.StatusChange, context: HandleContext) => void) | undefined
  >();
  expect(SseClient.status).toBeInstanceOf(Function);
});

test('the names that a client program needs of @reprise/actor are re-exported unchanged', async () => {
  const actor: Readonly<Record<string, unknown>> = await import('@reprise/actor');
  const sse: Readonly<Record<string, unknown>> = await import('../../src/index.ts');
  const names =
    'ok reply noreply stop ignore normal shutdown crash send Application createSystem GenServer Supervisor name';
  for (const exported of names.split(' ')) {
    expect(sse[exported]).toBe(actor[exported]);
  }
});

test('a stream that gives up throws an error with a code and a failure', () => {
  const failure: ConnectFailure = { type: 'timeout', phase: 'response', ms: 5 };
  const error = new GaveUpError(failure);
  expectTypeOf(error.code).toEqualTypeOf<'ERR_SSE_GAVE_UP'>();
  expectTypeOf(error.failure).toEqualTypeOf<ConnectFailure | Disconnect>();
  expect(error).toMatchObject({ message: 'gave up: response timeout after 5 ms', failure });
  expect(error).toBeInstanceOf(Error);
});
