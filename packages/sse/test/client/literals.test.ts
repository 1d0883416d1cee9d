import { describe, expect, test } from '@jest/globals';
import {
  Agent,
  childSpec,
  GenServer,
  type NoReply,
  noreply,
  ok,
  type Ok,
  type Process,
  reply,
  stop,
  normal,
} from '@reprise/actor';
import { connect, SseClient } from '@reprise/sse';

type Mode = { readonly mode: 'idle' | 'busy' };
type Power = { type: 'off' } | { type: 'on'; since: number };
type Nested = { a: { b: Mode }; list: ('p' | 'q')[] };
interface Method {
  readonly mode: 'idle' | 'busy';
  describe(): string;
}

/** The test is that this file compiles. */
describe('an answer keeps the literals in its state', () => {
  test('where the state is the argument of init, in each kind of callback', () => {
    const server = GenServer.define({
      init: (state: Mode) => ok(state),
      handleCall: {
        go: (_, state) => reply(1, { ...state, mode: 'busy' }),
        end: (_, state) => stop(normal, 1, { ...state, mode: 'busy' }),
      },
      handleCast: {
        go: (_, state) => noreply({ ...state, mode: 'busy' }),
        pay: (_amount: number, state) => noreply({ ...state, mode: 'busy' }),
        flip: (_, state) => (state.mode === 'idle' ? noreply({ mode: 'busy' }) : noreply(state)),
        later: async (_, state) => noreply({ ...state, mode: 'busy' }),
        then: (_, state) => noreply({ ...state, mode: 'busy' }, { timeout: 5 }),
        end: () => stop(normal, { mode: 'idle' }),
        block: (_, state) => {
          if (state.mode === 'idle') {
            return noreply({ mode: 'busy' });
          }
          return noreply(state);
        },
      },
      handleInfo: (_message: 'x', state) => noreply({ ...state, mode: 'busy' }),
      handleContinue: (_value: 'y', state) => noreply({ ...state, mode: 'busy' }),
    });
    expect(server.handleCast?.go(undefined as never, { mode: 'idle' }).state.mode).toBe('busy');
  });

  test('where init gives the state a type in another way', () => {
    const go = (_: undefined, state: Mode): NoReply<Mode> => noreply({ ...state, mode: 'busy' });
    const all = [
      GenServer.define({ init: (): Ok<Mode> => ok({ mode: 'idle' }), handleCast: { go } }),
      GenServer.define({
        init: () => {
          const state: Mode = { mode: 'idle' };
          return ok(state);
        },
        handleCast: { go: (_, state) => noreply({ ...state, mode: 'busy' }) },
      }),
      GenServer.define({
        init: async () => ok<Mode>({ mode: 'idle' }),
        handleCast: { go: (_, state) => noreply({ ...state, mode: 'busy' }) },
      }),
      GenServer.define({
        init: (state: 'idle' | 'busy') => ok(state),
        handleCast: { go: () => noreply('busy') },
      }),
    ];
    expect(all).toHaveLength(4);
  });

  test('of a union, of an interface with methods, of objects and arrays in it', () => {
    const all = [
      GenServer.define({
        init: (state: Power) => ok(state),
        handleCall: { on: (t: number, state) => reply(state.type, { type: 'on', since: t }) },
        handleCast: {
          on: (t: number) => noreply({ type: 'on', since: t }),
          off: () => noreply({ type: 'off' }),
        },
      }),
      GenServer.define({
        init: (state: Method) => ok(state),
        handleCast: { go: (_, state) => noreply({ ...state, mode: 'busy' }) },
      }),
      GenServer.define({
        init: (state: Nested) => ok(state),
        handleCast: {
          go: (_, state) => noreply({ a: { b: { mode: 'busy' } }, list: ['p', ...state.list] }),
        },
      }),
    ];
    expect(all).toHaveLength(3);
  });

  test('and widens no state of init: a number can count, an array can grow', () => {
    const server = GenServer.define({
      init: () => ok({ count: 0, items: [] as string[], last: undefined as string | undefined }),
      handleCast: {
        push: (item: string, { count, items }) =>
          noreply({ count: count + 1, items: [...items, item], last: item }),
      },
    });
    const list = GenServer.define({
      // An empty array says nothing of its items.
      init: () => ok<string[]>([]),
      handleCast: { push: (item: string, items) => noreply([...items, item]) },
    });
    const map = GenServer.define({
      init: () => ok(new Map<string, number>()),
      handleCast: { put: (key: string, state) => noreply(state.set(key, 1)) },
    });
    expect([server, list, map]).toHaveLength(3);
  });

  test('of a client too; connect, which init answers with, is told the type', () => {
    type State = { url: string; phase: 'a' | 'b' };
    const client = SseClient.define({
      init: (state: State) => connect({ url: state.url }, state),
      handleConnect: (_, state) => noreply({ ...state, phase: 'b' }),
      handleConnectFailure: (_, state) =>
        connect<State>({ url: state.url }, { ...state, phase: 'a' }),
      handleDisconnect: (_, state) => connect({ url: state.url }, state),
      handleEvent: (_, state) => ({ ...state, phase: 'b' }),
      handleComment: async (_, state) => ({ ...state, phase: 'b' }),
    });
    expect(client.handleEvent).toBeDefined();
  });

  test('and a wrong literal does not compile', () => {
    const build = (): unknown =>
      GenServer.define({
        init: (state: Mode) => ok(state),
        // @ts-expect-error -- there is no such mode
        handleCast: { go: (_, state) => noreply({ ...state, mode: 'bored' }) },
      });
    expect(build).not.toThrow();
  });
});

test('handleCall is no function, and a start does not forget its return', () => {
  const start = async (parent: Process): Promise<void> => {
    await Agent.startLink(parent, () => 1);
  };
  const build = (): unknown => [
    // @ts-expect-error -- one function for all requests
    GenServer.define({ init: () => ok(1), handleCall: () => reply(1, 2) }),
    // @ts-expect-error -- resolves with nothing
    childSpec(start, { id: 'a' }),
    // @ts-expect-error -- in place, too
    childSpec(async (parent) => start(parent), { id: 'a' }),
  ];
  expect(build).toBeDefined();
});
