import { createSystem, DynamicSupervisor } from '@reprise/actor';
import { connect, nextDelay, noreply, SseClient } from '@reprise/sse';

import type { Follow } from '../follow.ts';

interface State {
  readonly url: string;
  readonly handle: (data: string) => void;
  readonly count: number;
}

// The whole client: process, machine, mailbox, and a state that each event changes.
const feed = SseClient.define({
  init: (state: State) => connect({ url: state.url }, state),
  handleConnect: (_response, state) => noreply(state),
  handleConnectFailure: (_failure, state) => again(state),
  handleDisconnect: (_disconnected, state) => again(state),
  handleEvent: ({ data }, { url, handle, count }) => {
    handle(data);
    return { url, handle, count: count + 1 };
  },
});

function again(state: State): ReturnType<typeof connect<State>> {
  return connect({ url: state.url }, state, { after: nextDelay(1, {}, Math.random) });
}

const supervisor = await DynamicSupervisor.startLink(createSystem());

export const follow: Follow = (url, handle) =>
  DynamicSupervisor.startChild(
    supervisor,
    SseClient.childSpec(feed, { url, handle, count: 0 }, { id: 'feed' }),
  );
