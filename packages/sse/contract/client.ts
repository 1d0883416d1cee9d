import { type ChildSpec, GenServer, normal, type Process, type Stop } from '@reprise/actor';

import {
  classify,
  type Connect,
  connect,
  type ConnectFailure,
  type Disconnect,
  formatFailure,
  nextDelay,
  noreply,
  parseRetryAfter,
  reconnect,
  SseClient,
  stop,
} from '../src/index.ts';
import { deliver, type Message } from './callbacks.ts';
import { type Parameters, requestOf } from './parameters.ts';

interface State {
  readonly parameters: Parameters;
  readonly lastEventId: string;
  /** The last `retry` of the server, in ms. */
  readonly retry: number | undefined;
  /** Attempts in a row that brought no event. */
  readonly failuresInARow: number;
  /** The number of messages to the harness so far. */
  readonly messageCount: number;
}

/**
 * A client that reports everything to its harness and waits for each answer. After a failure that
 * another attempt cannot mend it stays disconnected until the command `restart`.
 */
const client = SseClient.define({
  init: (parameters: Parameters) => {
    const lastEventId = parameters.lastEventId ?? '';
    const state = { parameters, lastEventId, retry: undefined, failuresInARow: 0, messageCount: 0 };
    return connect<State>(requestOf(parameters, lastEventId), state);
  },
  handleConnect: (_response, state) => noreply(state),
  handleConnectFailure: (failure, state, self) =>
    report(state, self, errorOf(failure), (next) =>
      classify(failure) === 'retry' ? again(next, retryAfter(failure)) : noreply(next),
    ),
  handleDisconnect: (disconnected, state, self) => {
    const { type, lastEventId, retry = state.retry } = disconnected;
    const next = { ...state, lastEventId, retry };
    // The end of a complete response is not an error.
    return type === 'closed' ? again(next) : report(next, self, errorOf(disconnected), again);
  },
  handleEvent: ({ type, data, lastEventId }, state, self) =>
    report(
      { ...state, lastEventId, failuresInARow: 0 },
      self,
      { kind: 'event', event: { type, data, id: lastEventId } },
      (next) => next,
    ),
  handleComment: (comment, state, self) =>
    report(state, self, { kind: 'comment', comment }, (next) => next),
  handleCast: {
    restart: (_: undefined, state) =>
      reconnect(requestOf(state.parameters, state.lastEventId), state),
  },
});

export type ClientPid = SseClient.ServerOf<typeof client>;

/** Temporary: a restarted client would begin to number its messages again. */
export function childSpec(id: string, parameters: Parameters): ChildSpec<string, ClientPid> {
  return SseClient.childSpec(client, parameters, { id, restart: 'temporary' });
}

/** Drops the connection, the attempt or the wait, and connects at once. */
export function restart(pid: ClientPid): void {
  GenServer.cast(pid, 'restart');
}

/** Posts a message under the next number, then continues. Without its harness the client ends. */
async function report<Next>(
  state: State,
  self: Process,
  message: Message,
  goOn: (state: State) => Next,
): Promise<Next | Stop<State>> {
  const messageCount = state.messageCount + 1;
  const url = `${state.parameters.callbackUrl.replace(/\/$/, '')}/${messageCount}`;
  return (await deliver(url, message, self.signal))
    ? goOn({ ...state, messageCount })
    : stop(normal, state);
}

function errorOf(failure: ConnectFailure | Disconnect): Message {
  return { kind: 'error', error: formatFailure(failure) };
}

/**
 * Connects after a delay, which begins with the `initialDelayMs` of the harness and grows to 2 s
 * only: the harness waits.
 */
function again(state: State, atLeast = 0): Connect<State> {
  const { parameters, lastEventId, retry } = state;
  const failuresInARow = state.failuresInARow + 1;
  const minDelay = parameters.initialDelayMs ?? 1000;
  const backoff = { minDelay, maxDelay: Math.max(minDelay, 2000), retry };
  const after = Math.max(atLeast, nextDelay(failuresInARow, backoff, Math.random));
  return connect(requestOf(parameters, lastEventId), { ...state, failuresInARow }, { after });
}

function retryAfter(failure: ConnectFailure): number | undefined {
  return failure.type === 'status'
    ? parseRetryAfter(failure.headers['retry-after'], Date.now())
    : undefined;
}
