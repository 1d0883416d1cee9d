import type { RequestContext } from '../client/context.ts';
import { type Connect, connect, type Reconnect, reconnect } from '../client/next.ts';
import type { SseRequest } from '../http/request.ts';
import { listenRequest, responseTimeoutOf, streamRequest } from './requests.ts';
import { initialize, type LegacySession, prepareSession } from './session.ts';
import type { ListenerState } from './state.ts';

/** The first attempt; a listener that was restarted may have to wait for it. */
export function begin(state: ListenerState): Connect<ListenerState> {
  const requestTimeout = responseTimeoutOf(state.listener);
  const after = state.pace.wait;
  return connect((context) => requestFor(state, context), state, { after, requestTimeout });
}

/** Another attempt. If a stream is still open, it is dropped: there is nothing more to come. */
export function attempt(state: ListenerState, after = 0): Reconnect<ListenerState> {
  const requestTimeout = responseTimeoutOf(state.listener);
  return reconnect((context) => requestFor(state, context), state, { after, requestTimeout });
}

async function requestFor(state: ListenerState, context: RequestContext): Promise<SseRequest> {
  const { listener } = state;
  const headers = await state.takeHeaders(context);
  if (!state.isLegacy) {
    state.listenId = state.nextId();
    return listenRequest(listener, headers, state.listenId);
  }
  const session = (state.session ??= await openSession(state, context));
  if (!session.isReady) {
    await prepareSession(session, state.channel(context.signal));
  }
  return streamRequest(listener, headers, session.headers, state.lastEventId);
}

/**
 * Begins a session. The attempt goes on while the listener is being stopped, since the listener
 * needs the id of the session to end it. It ends at its limit, and with the process.
 */
async function openSession(
  state: ListenerState,
  { self, signal }: RequestContext,
): Promise<LegacySession> {
  const controller = new AbortController();
  const ended = (): void => {
    controller.abort(self.signal.reason);
  };
  const givenUp = (): void => {
    if ((signal.reason as Error).name === 'TimeoutError') {
      controller.abort(signal.reason);
    }
  };
  self.signal.addEventListener('abort', ended);
  signal.addEventListener('abort', givenUp);
  try {
    return await (state.opening = initialize(state.channel(controller.signal)));
  } finally {
    state.opening = undefined;
    self.signal.removeEventListener('abort', ended);
    signal.removeEventListener('abort', givenUp);
  }
}
