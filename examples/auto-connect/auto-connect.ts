/**
 * A client with its own code to reconnect: the example from the documentation of the Elixir library
 * `server_sent_event`, line by line. It shows how a client handles each failure; in a program
 * use `SseClient.resilient`.
 */
import { normal, type Process } from '@reprise/actor';
import { connect, noreply, SseClient, stop } from '@reprise/sse';

export interface State {
  readonly url: string;
  readonly lastEventId: string;
}

export const autoConnect = SseClient.define({
  // Start connecting to the endpoint as soon as the client is started.
  init: (state: State) => connect(request(state), state),

  // The client has successfully connected, or reconnected, to the event stream.
  handleConnect: (_response, state) => noreply(state),

  // Retry connecting to the endpoint 1 second after a failure to connect. No sleep: messages are
  // handled meanwhile.
  handleConnectFailure: (_failure, state) => connect(request(state), state, { after: 1000 }),

  // Immediately try to reconnect when the connection is lost.
  handleDisconnect: (_disconnected, state) => connect(request(state), state),

  // Update the running state of the client with the id of each event as it arrives. It is used for
  // reconnection.
  handleEvent: (event, state) => {
    console.log(`I just got a new event: ${JSON.stringify(event)}`);
    return { ...state, lastEventId: event.id ?? state.lastEventId };
  },

  // When a stop message is received this process will exit with reason normal.
  handleInfo: (_message: 'stop', state) => stop(normal, state),
});

export type AutoConnect = SseClient.ServerOf<typeof autoConnect>;

export const startLink = (parent: Process, state: State) =>
  SseClient.startLink(parent, autoConnect, state);

export const childSpec = (state: State) =>
  SseClient.childSpec(autoConnect, state, { id: 'autoConnect' });

// Not a callback, but a helpful pattern for creating requests in several callbacks.
function request({ url, lastEventId }: State) {
  return { url, lastEventId };
}
