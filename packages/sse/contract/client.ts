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
  /** The server's last. */
  readonly retry: number | undefined;
  /** Attempts in a row that brought no event. */
  readonly fruitless: number;
  /** How many callbacks there were. */
  readonly told: number;
}

/**
 * A client that tells its harness of everything, and waits for each answer before it goes on. What
 * no further attempt can mend it reports too, and stays disconnected until it is told to restart.
 */
const client = SseClient.define({
  init: (parameters: Parameters) => {
    const lastEventId = parameters.lastEventId ?? '';
    const state: State = { parameters, lastEventId, retry: undefined, fruitless: 0, told: 0 };
    return connect(requestOf(parameters, lastEventId), state);
  },
  handleConnect: (_response, state) => noreply(state),
  handleConnectFailure: (failure, state, self) =>
    tell(state, self, errorOf(failure), (next) =>
      classify(failure) === 'retry' ? again(next, retryAfter(failure)) : noreply(next),
    ),
  handleDisconnect: (disconnected, state, self) => {
    const { type, lastEventId, retry = state.retry } = disconnected;
    const next = { ...state, lastEventId, retry };
    // A stream that the server ended in good order is no error.
    return type === 'closed' ? again(next) : tell(next, self, errorOf(disconnected), again);
  },
  handleEvent: ({ type, data, lastEventId }, state, self) =>
    tell(
      { ...state, lastEventId, fruitless: 0 },
      self,
      { kind: 'event', event: { type, data, id: lastEventId } },
      (next) => next,
    ),
  handleComment: (comment, state, self) =>
    tell(state, self, { kind: 'comment', comment }, (next) => next),
  handleCast: {
    restart: (_: undefined, state) =>
      reconnect(requestOf(state.parameters, state.lastEventId), state),
  },
});

export type ClientPid = SseClient.ServerOf<typeof client>;

/** A client that was started anew would count its callbacks anew: so it is not restarted. */
export function childSpec(id: string, parameters: Parameters): ChildSpec<string, ClientPid> {
  return SseClient.childSpec(client, parameters, { id, restart: 'temporary' });
}

/** Drops what it has, and connects again at once. */
export function restart(pid: ClientPid): void {
  GenServer.cast(pid, 'restart');
}

/**
 * Tells of it under the next number, and goes on once that is answered; a client that nobody
 * listens to ends.
 */
async function tell<Next>(
  state: State,
  self: Process<never>,
  message: Message,
  goOn: (state: State) => Next,
): Promise<Next | Stop<State>> {
  const told = state.told + 1;
  const url = `${state.parameters.callbackUrl.replace(/\/$/, '')}/${told}`;
  return (await deliver(url, message, self.signal))
    ? goOn({ ...state, told })
    : stop(normal, state);
}

function errorOf(failure: ConnectFailure | Disconnect): Message {
  return { kind: 'error', error: formatFailure(failure) };
}

/**
 * Connects after a while: at first about what the harness asked for, and then not much longer,
 * since the harness waits.
 */
function again(state: State, atLeast = 0): Connect<State> {
  const { parameters, lastEventId, retry } = state;
  const fruitless = state.fruitless + 1;
  const minDelay = parameters.initialDelayMs ?? 1000;
  const backoff = { minDelay, maxDelay: Math.max(minDelay, 2000), retry };
  const after = Math.max(atLeast, nextDelay(fruitless, backoff, Math.random));
  return connect(requestOf(parameters, lastEventId), { ...state, fruitless }, { after });
}

function retryAfter(failure: ConnectFailure): number | undefined {
  return failure.type === 'status'
    ? parseRetryAfter(failure.headers['retry-after'], Date.now())
    : undefined;
}
