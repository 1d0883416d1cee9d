// States with literals in the style of the docs: each compiles with every compiler of the check.
import { GenServer, noreply, ok, type Ok, reply } from '@reprise/actor';
import { connect, SseClient } from '@reprise/sse';

interface Mode {
  readonly mode: 'idle' | 'busy';
}
interface Numbers {
  readonly items: readonly number[];
}
type Power = { type: 'off' } | { type: 'on'; since: number };
type Phase = { url: string; phase: 'a' | 'b' };

export const argument = GenServer.define({
  init: (state: Mode) => ok(state),
  handleCall: { go: (_, state) => reply(1, { ...state, mode: 'busy' }) },
  handleCast: {
    spread: (_, state) => noreply({ ...state, mode: 'busy' }),
    payload: (_count: number, state) => noreply({ ...state, mode: 'busy' }),
    whole: () => noreply({ mode: 'busy' }),
    constant: (_, state) => noreply({ ...state, mode: 'busy' as const }),
    branch: (_, state) => (state.mode === 'idle' ? noreply({ mode: 'busy' }) : noreply(state)),
    later: async (_, state) => noreply({ ...state, mode: 'busy' }),
    block: (_, state) => {
      if (state.mode === 'idle') {
        return noreply({ mode: 'busy' });
      }
      return noreply(state);
    },
  },
  handleInfo: (_message: 'x', state) => noreply({ ...state, mode: 'busy' }),
});

const go = (_: undefined, state: Mode) => noreply({ ...state, mode: 'busy' as const });
export const initialised = [
  GenServer.define({ init: (): Ok<Mode> => ok({ mode: 'idle' }), handleCast: { go } }),
  GenServer.define({
    init: (): Ok<Mode> => ok({ mode: 'idle' }),
    handleCast: { go: (_, state) => noreply({ ...state, mode: 'busy' }) },
  }),
  GenServer.define({
    init: (_count: number) => ok<Mode>({ mode: 'idle' }),
    handleCast: { go: (_, state) => noreply({ ...state, mode: 'busy' }) },
  }),
  GenServer.define({
    init: async () => ok<Mode>({ mode: 'idle' }),
    handleCast: { go: (_, state) => noreply({ ...state, mode: 'busy' }) },
  }),
  GenServer.define({
    init: () => {
      const state: Mode = { mode: 'idle' };
      return ok(state);
    },
    handleCast: { go: (_, state) => noreply({ ...state, mode: 'busy' }) },
  }),
  GenServer.define({
    init: () => ok<Mode>({ mode: 'idle' }),
    handleInfo: (_message: 'x', state) => noreply({ ...state, mode: 'busy' }),
  }),
];

export const word = GenServer.define({
  init: (state: 'idle' | 'busy') => ok(state),
  handleCast: { go: () => noreply('busy') },
});

export const union = GenServer.define({
  init: (state: Power) => ok(state),
  handleCall: { on: (since: number, state) => reply(state.type, { type: 'on', since }) },
  handleCast: {
    on: (since: number) => noreply({ type: 'on', since }),
    off: () => noreply({ type: 'off' }),
  },
});

export const collections = [
  // An empty array says nothing of its items.
  GenServer.define({
    init: () => ok<string[]>([]),
    handleCast: { push: (item: string, items) => noreply([...items, item]) },
  }),
  GenServer.define({
    init: () => ok(new Map()),
    handleCast: { put: (key: string, map) => noreply(map.set(key, 1)) },
  }),
  GenServer.define({
    init: () => ok({ items: [] as string[], last: undefined as string | undefined }),
    handleCast: {
      push: (last: string, { items }) => noreply({ items: [...items, last], last }),
    },
  }),
  GenServer.define({
    init: (state: Numbers) => ok(state),
    handleCast: {
      push: (item: number, { items }) => noreply({ items: [...items, item] }),
      clear: (_, state) => noreply({ ...state, items: [] }),
    },
  }),
  GenServer.define({
    init: (state: { a?: number }) => ok(state),
    handleCast: { put: (a: number) => noreply({ a }), clear: () => noreply({}) },
  }),
];

export const client = SseClient.define({
  init: (state: Phase) => connect({ url: state.url }, state),
  handleConnect: (_, state) => noreply({ ...state, phase: 'b' }),
  // `connect` is an answer of `init` too, where a literal would be too narrow for the state.
  handleConnectFailure: (_, state) => connect<Phase>({ url: state.url }, { ...state, phase: 'a' }),
  handleDisconnect: (_, state) => connect({ url: state.url }, state),
  handleEvent: (_, state) => ({ ...state, phase: 'b' }),
});
