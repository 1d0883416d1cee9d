import { crash, stop } from '@reprise/actor';

import type { ClientAnswer } from '../client/behaviour.ts';
import type { Disconnect } from '../http/failure.ts';
import { callListener } from '../maybe-promise.ts';
import { requestedDelay } from '../resilient/retry-after.ts';
import { attempt } from './attempt.ts';
import { formatMcpFailure, type McpFailure } from './failure.ts';
import type { ListenerStatus } from './options.ts';
import { type Reaction, reactionTo } from './reaction.ts';
import { modern } from './revision.ts';
import type { ListenerState } from './state.ts';

export type ListenerAnswer = ClientAnswer<ListenerState>;

/**
 * The server does not listen, or has refused. A legacy server is no failure, and neither is the end
 * of a session that has listened.
 */
export function failed(failure: McpFailure, state: ListenerState): ListenerAnswer {
  const reaction = reactionTo(failure, state);
  if (reaction === 'initialize') {
    return speakLegacy(failure, state);
  }
  if (reaction === 'newSession' && state.isProven) {
    state.loseSession();
    return attempt(state);
  }
  state.pace.failed();
  return carryOut(reaction, failure, state);
}

/** The stream is over. */
export function over(
  disconnect: Disconnect,
  state: ListenerState,
  {
    lastEventId = '',
    retry,
  }: { readonly lastEventId?: string; readonly retry?: number | undefined } = {},
): ListenerAnswer {
  state.pace.disconnected(disconnect, state.hasNotified, retry);
  // An event above the limit would only come again.
  state.stops(disconnect.type === 'tooLarge' ? '' : lastEventId);
  return retryAfter(disconnect, state);
}

export function notify({ listener, context }: ListenerState, change: ListenerStatus): void {
  callListener(context.self, 'onStatus', () => listener.onStatus?.(change, context));
}

/** The first request has asked which revision the server speaks. */
function speakLegacy(failure: McpFailure, state: ListenerState): ListenerAnswer {
  if (state.listener.protocolVersion === modern) {
    return giveUp(failure, state);
  }
  state.isLegacy = true;
  return attempt(state);
}

function carryOut(
  reaction: Exclude<Reaction, 'initialize'>,
  failure: McpFailure,
  state: ListenerState,
): ListenerAnswer {
  switch (reaction) {
    case 'newSession':
      state.loseSession();
      return retryAfter(failure, state);
    case 'refresh': {
      // New credentials can come only from a function, and it is asked for them once.
      const canRefresh = typeof state.listener.headers === 'function' && !state.isRefreshed;
      state.isRefreshed = true;
      return canRefresh ? soon(failure, state) : giveUp(failure, state);
    }
    case 'giveUp':
      return giveUp(failure, state);
    case 'retry':
      return retryAfter(failure, state);
    default:
      return reaction satisfies never;
  }
}

/** Another attempt at once, unless attempts fail again and again. */
function soon(failure: McpFailure, state: ListenerState): ListenerAnswer {
  const { pace } = state;
  return pace.isRepeating || pace.wait > 0 ? retryAfter(failure, state) : attempt(state);
}

function retryAfter(failure: McpFailure, state: ListenerState): ListenerAnswer {
  const { pace, listener } = state;
  const requested =
    failure.type === 'status'
      ? requestedDelay(failure.headers, pace.date, listener.maxRetryAfter)
      : 0;
  // With `maxDelay: Infinity` the delays grow above the largest delay that a timer accepts.
  const after = Math.min(pace.delay(requested), Number.MAX_SAFE_INTEGER);
  const reason = formatMcpFailure(failure);
  notify(state, { type: 'disconnected', reason, failure, after });
  return attempt(state, after);
}

function giveUp(failure: McpFailure, state: ListenerState): ListenerAnswer {
  const reason = formatMcpFailure(failure);
  state.pace.refused();
  notify(state, { type: 'gaveUp', reason, failure });
  return stop(crash(new Error(`gave up: ${reason}`, { cause: failure })), state);
}
