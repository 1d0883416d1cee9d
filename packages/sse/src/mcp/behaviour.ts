import {
  type ExitMessage,
  isAbnormal,
  noreply,
  type Pid,
  sendAfter,
  stop,
  trapExit,
} from '@reprise/actor';
import { redact } from '@reprise/actor/text';

import { type Behaviour, withoutHandleFailed } from '../client/behaviour.ts';
import { define } from '../client/client.ts';
import type { Connect } from '../client/next.ts';
import { begin } from './attempt.ts';
import { meaningOf } from './failure.ts';
import { listening, messagesOf, take } from './incoming.ts';
import type { Listener } from './options.ts';
import { failed, over } from './outcome.ts';
import { responseTimeoutOf } from './requests.ts';
import { endSession, opened } from './session.ts';
import { ListenerState } from './state.ts';

/** The server has had its time to acknowledge this request to listen. */
interface AcknowledgementDue {
  readonly type: 'acknowledgementDue';
  readonly listenId: number;
}

type ListenerClient = Behaviour<
  Listener,
  ListenerState,
  undefined,
  undefined,
  AcknowledgementDue | ExitMessage,
  Connect<ListenerState>
>;

const client: ListenerClient = define({
  init: (listener: Listener, self) => {
    // To have time to end the session when a supervisor stops the listener.
    trapExit(self, true);
    return begin(new ListenerState(listener, self));
  },
  handleConnect: async (_response, state) => {
    state.connects();
    const { session } = state;
    if (session !== undefined) {
      return (await listening(session.notifications, state)) ?? noreply(state);
    }
    awaitAcknowledgement(state);
    return noreply(state);
  },
  handleConnectFailure: (failure, state) => failed(meaningOf(failure), state),
  handleDisconnect: (disconnected, state) => over(disconnected, state, disconnected),
  handleEvent: async ({ data }, state) => {
    for (const message of messagesOf(data, state)) {
      const answer = await take(message, state);
      if (answer !== undefined) {
        return answer;
      }
    }
    return noreply(state);
  },
  handleInfo: (message: AcknowledgementDue | ExitMessage, state) => {
    if (message.type === 'EXIT') {
      return isAbnormal(message.reason) ? stop(message.reason, state) : noreply(state);
    }
    const ms = responseTimeoutOf(state.listener);
    return message.listenId === state.listenId && !state.isListening
      ? failed({ type: 'timeout', phase: 'response', ms }, state)
      : noreply(state);
  },
  terminate: async (_reason, state, self) => {
    const { opening } = state;
    const session = state.session ?? (opening && (await opened(opening, self.system.clock)));
    if (session?.hasId === true) {
      // The server may have ended it already, or may not answer.
      await endSession(state.channel(self.signal), session).catch(() => undefined);
    }
  },
  formatStatus: ({ listener: { url }, protocolVersion, isListening, lastEventId }) => ({
    url: redact(String(url)),
    protocolVersion,
    isListening,
    lastEventId,
  }),
});

/** The client of a listener, for modern servers and legacy ones. */
export const listenerClient: ListenerClient = /* @__PURE__ */ withoutHandleFailed(client);

/** Comments could keep a stream open for ever that never begins. */
function awaitAcknowledgement({ listener, listenId, context: { self } }: ListenerState): void {
  const ms = responseTimeoutOf(listener);
  if (ms < Infinity) {
    const due: AcknowledgementDue = { type: 'acknowledgementDue', listenId };
    sendAfter(self.pid as Pid<AcknowledgementDue>, due, Math.ceil(ms));
  }
}
