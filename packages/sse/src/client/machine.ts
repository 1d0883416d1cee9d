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

/** The memory of the machine. */
export interface ClientContext {
  /**
   * Counts connection attempts. A timer, an attempt and a connection carry the generation that they
   * belong to: an event from an older one is stale and ignored.
   */
  readonly generation: number;
  /** The request of this generation; while disconnected, only if the client waits to connect. */
  readonly request: RequestSource | undefined;
  /** How long a function may take for the request, in ms. */
  readonly requestTimeout: number | undefined;
}

export type ClientEvent =
  /**
   * Connect, `after` ms from now (default: at once). Only when disconnected: it replaces a connect
   * that waits.
   */
  | {
      readonly type: 'CONNECT';
      readonly request: RequestSource;
      readonly after?: number;
      readonly requestTimeout?: number | undefined;
    }
  /** Drop the connection, the attempt or the wait, and connect, `after` ms from now. */
  | {
      readonly type: 'RECONNECT';
      readonly request: RequestSource;
      readonly after?: number;
      readonly requestTimeout?: number | undefined;
    }
  /** The wait is over. */
  | { readonly type: 'DUE'; readonly generation: number }
  /** The head of the response arrived, and it is an event stream. */
  | { readonly type: 'OPENED'; readonly generation: number }
  /** The attempt failed. */
  | { readonly type: 'FAILED'; readonly generation: number }
  /** The open stream ended. */
  | { readonly type: 'CLOSED'; readonly generation: number };

/** The effects of a step: at any time there is at most one timer and at most one connection. */
export type ClientAction =
  | {
      readonly type: 'startTimer';
      readonly params: { readonly after: number; readonly generation: number };
    }
  | { readonly type: 'clearTimer' }
  | {
      readonly type: 'open';
      readonly params: {
        readonly request: RequestSource;
        readonly requestTimeout: number | undefined;
        readonly generation: number;
      };
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

/** An xstate logic, with the `config` and `definition` that a drawing needs. */
export type ClientMachine = ActorLogic<ClientSnapshot, ClientEvent> &
  Pick<AnyStateMachine, 'config' | 'definition'>;

const startTimer = {
  type: 'startTimer' as const,
  params: ({
    context,
    event,
  }: {
    readonly context: ClientContext;
    readonly event: ClientEvent;
  }) => ({
    after: 'after' in event ? (event.after ?? 0) : 0,
    generation: context.generation,
  }),
};

/**
 * The life of a client, as an xstate machine. Its actions have names and parameters and no code:
 * `step` returns them, and the client process carries them out. A client that waits for its next
 * attempt is disconnected and has a request. The bytes of a stream never reach the machine.
 *
 * An event that has no meaning in a state, or that is stale, is ignored: for example a CONNECT
 * while connecting or connected.
 * @example
 * ```ts
 * import { clientMachine } from '@reprise/sse';
 *
 * console.log(Object.keys(clientMachine.config.states ?? {}).join()); // disconnected,connecting,connected
 * ```
 * @see https://stately.ai/docs/machines
 */
export const clientMachine: ClientMachine = setup({
  types: {} as { context: ClientContext; events: ClientEvent },
  guards: {
    isCurrent: ({ context, event }) =>
      'generation' in event && event.generation === context.generation,
    isDue: ({ context, event }) =>
      'generation' in event &&
      event.generation === context.generation &&
      context.request !== undefined,
    isLater: ({ event }) => 'after' in event && (event.after ?? 0) > 0,
  },
  actions: {
    nextGeneration: assign(({ context, event }) => ({
      generation: context.generation + 1,
      request: 'request' in event ? event.request : undefined,
      requestTimeout: 'requestTimeout' in event ? event.requestTimeout : undefined,
    })),
    forgetRequest: assign({ request: undefined }),
    startTimer: (_scope, _params: { readonly after: number; readonly generation: number }) =>
      undefined,
    clearTimer: () => undefined,
    open: (
      _scope,
      _params: {
        readonly request: RequestSource | undefined;
        readonly requestTimeout: number | undefined;
        readonly generation: number;
      },
    ) => undefined,
    close: () => undefined,
  },
}).createMachine({
  id: 'client',
  context: { generation: 0, request: undefined, requestTimeout: undefined },
  initial: 'disconnected',
  states: {
    disconnected: {
      on: {
        CONNECT: [
          { guard: 'isLater', actions: ['clearTimer', 'nextGeneration', startTimer] },
          { target: 'connecting', actions: ['clearTimer', 'nextGeneration'] },
        ],
        RECONNECT: [
          { guard: 'isLater', actions: ['clearTimer', 'nextGeneration', startTimer] },
          { target: 'connecting', actions: ['clearTimer', 'nextGeneration'] },
        ],
        DUE: { guard: 'isDue', target: 'connecting' },
      },
    },
    connecting: {
      entry: {
        type: 'open',
        params: ({ context: { request, requestTimeout, generation } }) => ({
          request,
          requestTimeout,
          generation,
        }),
      },
      on: {
        OPENED: { guard: 'isCurrent', target: 'connected' },
        FAILED: { guard: 'isCurrent', target: 'disconnected', actions: 'forgetRequest' },
        RECONNECT: [
          {
            guard: 'isLater',
            target: 'disconnected',
            actions: ['close', 'nextGeneration', startTimer],
          },
          { target: 'connecting', reenter: true, actions: ['close', 'nextGeneration'] },
        ],
      },
    },
    connected: {
      on: {
        CLOSED: { guard: 'isCurrent', target: 'disconnected', actions: 'forgetRequest' },
        RECONNECT: [
          {
            guard: 'isLater',
            target: 'disconnected',
            actions: ['close', 'nextGeneration', startTimer],
          },
          { target: 'connecting', actions: ['close', 'nextGeneration'] },
        ],
      },
    },
  },
});

/**
 * The actions of the current step. Module state is safe here: xstate calls `actionExecutor`
 * synchronously within `transition`, and no guard, assignment or action of this machine calls
 * `step`. Thus no step begins before another has returned. test/assumptions.test.ts checks xstate.
 */
let requestedActions: ClientAction[] = [];

/**
 * The parts of an actor that a step needs, from an actor that never starts. xstate's own
 * `transition` function creates an actor and two systems for every step, which costs as much as the
 * step itself.
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
      requestedActions.push(action as unknown as ClientAction);
    },
  };
}

const scope = createScope();

/** Every client starts disconnected and without a request. */
export const initialSnapshot: ClientSnapshot = clientMachine.getInitialSnapshot(scope, undefined);

/**
 * One pure step: the next snapshot, and the actions to carry out, in order. An ignored event gives
 * an equal state and no action.
 */
export function step(
  snapshot: ClientSnapshot,
  event: ClientEvent,
): readonly [ClientSnapshot, readonly ClientAction[]] {
  requestedActions = [];
  const next = clientMachine.transition(snapshot, event, scope);
  return [next, requestedActions];
}
