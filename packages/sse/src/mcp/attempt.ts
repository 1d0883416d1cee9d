import type { RequestContext } from '../client/context.ts';
import { type Connect, connect, type Reconnect, reconnect } from '../client/next.ts';
import type { SseRequest } from '../http/request.ts';
import { listenRequest, responseTimeoutOf, streamRequest } from './requests.ts';
import { initialize, prepareSession } from './session.ts';
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
  const channel = state.channel(context.signal);
  const session = (state.session ??= await initialize(channel));
  if (!session.isReady) {
    await prepareSession(session, channel);
  }
  return streamRequest(listener, headers, session.headers, state.lastEventId);
}
