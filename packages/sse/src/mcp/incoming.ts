import { loggerOf } from '@reprise/actor';

import { closed } from '../http/failure.ts';
import { rpcFailure } from './failure.ts';
import { filterIn, isEmpty, isWanted, type SubscriptionFilter } from './filter.ts';
import { errorOf, fieldOf, isResponseTo, messagesIn, type RpcMessage } from './json-rpc.ts';
import { failed, type ListenerAnswer, notify, over } from './outcome.ts';
import { nothingOffered, tell } from './session.ts';
import type { ListenerState } from './state.ts';

/** The messages of an event. One that is none is logged, and dropped. */
export function messagesOf(
  data: string,
  { context: { self } }: ListenerState,
): readonly RpcMessage[] {
  const messages = messagesIn(data);
  // An event without data gives an id to resume from, before there is a message.
  if (messages === undefined && data !== '') {
    loggerOf(self).warn({ size: data.length }, `${String(self.pid)}: an event is no message`);
  }
  return messages ?? [];
}

/** Handles one message. Returns an answer if the stream is over with it. */
export async function take(
  message: RpcMessage,
  state: ListenerState,
): Promise<ListenerAnswer | undefined> {
  const { listener, context, session } = state;
  if (isWanted(message, listener.notifications)) {
    state.hasNotified = true;
    await listener.handle(message, context);
    return undefined;
  }
  return session === undefined ? takeOfListen(message, state) : answerRequest(message, state);
}

/**
 * The server listens: from now on no change is missed, and the changes that were missed before can
 * be read. Returns an answer if it listens to nothing.
 */
export async function listening(
  notifications: SubscriptionFilter,
  state: ListenerState,
): Promise<ListenerAnswer | undefined> {
  const { listener, protocolVersion } = state;
  if (isEmpty(notifications)) {
    return failed(nothingOffered, state);
  }
  const missing = state.listens();
  const resumed = missing === undefined;
  notify(state, { type: 'listening', protocolVersion, notifications, resumed });
  if (!resumed) {
    await listener.reread(missing, state.context);
  }
  return undefined;
}

/** A message about the request to listen itself, in the modern revision. */
async function takeOfListen(
  message: RpcMessage,
  state: ListenerState,
): Promise<ListenerAnswer | undefined> {
  const { listenId } = state;
  const { method, params } = message;
  if (isResponseTo(listenId, message)) {
    const error = errorOf(message);
    return error === undefined ? over(closed, state) : failed(rpcFailure(error), state);
  }
  if (method === 'notifications/subscriptions/acknowledged') {
    return listening(filterIn(fieldOf(params, 'notifications')), state);
  }
  const isCancelled = method === 'notifications/cancelled';
  return isCancelled && fieldOf(params, 'requestId') === listenId ? over(closed, state) : undefined;
}

/** A request of a legacy server: whether the listener is alive. It can do nothing else. */
async function answerRequest({ method, id }: RpcMessage, state: ListenerState): Promise<undefined> {
  const { session, context } = state;
  if (session !== undefined && method !== undefined && id !== undefined) {
    const answer =
      method === 'ping'
        ? { result: {} }
        : { error: { code: -32_601, message: 'Method not found' } };
    // The stream tells whether the session goes on.
    await tell(state.channel(context.signal), session, { id, ...answer }).catch(() => undefined);
  }
}
