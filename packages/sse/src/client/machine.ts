import {
  type ActorLogic,
  type ActorScope,
  type AnyStateMachine,
  assign,
  createActor,
  type MachineSnapshot,
  type MetaObject,
  type NonReducibleUnknown,
  setup,
  type StateSchema,
} from 'xstate';

import type { RequestSource } from './next.ts';

/** What the client remembers of its life. */
export interface ClientContext {
  /**
   * The number of the wish in force: it grows with each, so that what belongs to an older one is
   * told apart and ignored.
   */
  readonly wish: number;
  /** What to connect to; while disconnected, only if the client waits to do so. */
  readonly request: RequestSource | undefined;
  /** Attempts that failed since a connection was last made. */
  readonly attempt: number;
}

export type ClientEvent =
  /**
   * Connect, `after` ms from now (default: at once). Only when disconnected: it replaces a wish
   * that waits, if there is one.
   */
  | { readonly type: 'CONNECT'; readonly request: RequestSource; readonly after?: number }
  /** Drop whatever there is and connect at once. */
  | { readonly type: 'RECONNECT'; readonly request: RequestSource }
  /** The time to connect has come. */
  | { readonly type: 'DUE'; readonly wish: number }
  /** The head of the response is there, and it is an event stream. */
  | { readonly type: 'OPENED'; readonly wish: number }
  /** The connection could not be made. */
  | { readonly type: 'FAILED'; readonly wish: number }
  /** The open stream ended. */
  | { readonly type: 'CLOSED'; readonly wish: number }
  /** Want nothing any more. */
  | { readonly type: 'CANCEL' };

/**
 * What is to be done after a step: at most one timer runs and at most one connection exists at any
 * time.
 */
export type ClientAction =
  | {
      readonly type: 'startTimer';
      readonly params: { readonly after: number; readonly wish: number };
    }
  | { readonly type: 'clearTimer' }
  | {
      readonly type: 'open';
      readonly params: { readonly request: RequestSource; readonly wish: number };
    }
  | { readonly type: 'close' };

export type ClientSnapshot = MachineSnapshot<
  ClientContext,
  ClientEvent,
  Record<string, never>,
  'disconnected' | 'connecting' | 'connected',
  string,
  NonReducibleUnknown,
  MetaObject,
  StateSchema
>;

/** Typed as the logic that it is; `config` and `definition` are there for whoever draws it. */
export type ClientMachine = ActorLogic<ClientSnapshot, ClientEvent> &
  Pick<AnyStateMachine, 'config' | 'definition'>;

/**
 * The life of a client, as an xstate machine. Its actions have names and parameters and do nothing:
 * it is moved by `step`, and the client process does what the step says. To wait for the next
 * attempt is to be disconnected with a request; no byte of a stream comes here.
 *
 * An event that means nothing in a state, or that belongs to an older wish, is ignored: a CONNECT
 * while connecting or connected is one.
 */
export const clientMachine: ClientMachine = setup({
  types: {} as { context: ClientContext; events: ClientEvent },
  guards: {
    isCurrent: ({ context, event }) => 'wish' in event && event.wish === context.wish,
    isDue: ({ context, event }) =>
      'wish' in event && event.wish === context.wish && context.request !== undefined,
    isLater: ({ event }) => event.type === 'CONNECT' && (event.after ?? 0) > 0,
  },
  actions: {
    newWish: assign(({ context, event }) => ({
      wish: context.wish + 1,
      request: 'request' in event ? event.request : undefined,
    })),
    noWish: assign({ request: undefined }),
    countFailure: assign({ attempt: ({ context }) => context.attempt + 1 }),
    forgetFailures: assign({ attempt: 0 }),
    startTimer: (_scope, _params: { readonly after: number; readonly wish: number }) => undefined,
    clearTimer: () => undefined,
    open: (
      _scope,
      _params: { readonly request: RequestSource | undefined; readonly wish: number },
    ) => undefined,
    close: () => undefined,
  },
}).createMachine({
  id: 'client',
  context: { wish: 0, request: undefined, attempt: 0 },
  initial: 'disconnected',
  states: {
    disconnected: {
      on: {
        CONNECT: [
          {
            guard: 'isLater',
            actions: [
              'clearTimer',
              'newWish',
              {
                type: 'startTimer',
                params: ({ context, event }) => ({ after: event.after ?? 0, wish: context.wish }),
              },
            ],
          },
          { target: 'connecting', actions: ['clearTimer', 'newWish'] },
        ],
        RECONNECT: { target: 'connecting', actions: ['clearTimer', 'newWish'] },
        DUE: { guard: 'isDue', target: 'connecting' },
        CANCEL: { actions: ['clearTimer', 'newWish'] },
      },
    },
    connecting: {
      entry: {
        type: 'open',
        params: ({ context }) => ({ request: context.request, wish: context.wish }),
      },
      on: {
        OPENED: { guard: 'isCurrent', target: 'connected' },
        FAILED: { guard: 'isCurrent', target: 'disconnected', actions: ['noWish', 'countFailure'] },
        RECONNECT: { target: 'connecting', reenter: true, actions: ['close', 'newWish'] },
        CANCEL: { target: 'disconnected', actions: ['close', 'newWish'] },
      },
    },
    connected: {
      entry: 'forgetFailures',
      on: {
        CLOSED: { guard: 'isCurrent', target: 'disconnected', actions: 'noWish' },
        RECONNECT: { target: 'connecting', actions: ['close', 'newWish'] },
        CANCEL: { target: 'disconnected', actions: ['close', 'newWish'] },
      },
    },
  },
});

/** What the step under way has asked for. */
let asked: ClientAction[] = [];

/**
 * What a step needs of an actor, from one that is never started. xstate's own `transition` makes an
 * actor and two systems for every step, which costs as much as the step does.
 */
function createScope(): ActorScope<ClientSnapshot, ClientEvent> {
  const self = createActor(clientMachine);
  const nothing = (): void => undefined;
  return {
    self,
    id: self.id,
    sessionId: self.sessionId,
    system: self.system,
    logger: nothing,
    defer: nothing,
    emit: nothing,
    stopChild: nothing,
    actionExecutor: (action) => {
      asked.push(action as unknown as ClientAction);
    },
  };
}

const scope = createScope();

/** Where every client begins: disconnected, wanting nothing. */
export const initialSnapshot: ClientSnapshot = clientMachine.getInitialSnapshot(scope, undefined);

/**
 * One step, pure: the next snapshot, and what is to be done, in order. An event that is ignored
 * gives the same state and no action.
 */
export function step(
  snapshot: ClientSnapshot,
  event: ClientEvent,
): readonly [ClientSnapshot, readonly ClientAction[]] {
  asked = [];
  const next = clientMachine.transition(snapshot, event, scope);
  return [next, asked];
}
