import { createSystem, DynamicSupervisor } from '@reprise/actor';
import { connect, noreply, SseClient } from '@reprise/sse';

import type { Follow } from '../follow.ts';

interface State {
  readonly url: string;
  readonly handle: (data: string) => void;
}

const feed = SseClient.define({
  init: (state: State) => connect({ url: state.url }, state),
  handleConnect: (_response, state) => noreply(state),
  handleConnectFailure: (_failure, state) => connect({ url: state.url }, state),
  handleDisconnect: (_disconnected, state) => connect({ url: state.url }, state),
  handleEvent: async ({ data }, state) => {
    state.handle(data);
    return state;
  },
});

const supervisor = await DynamicSupervisor.startLink(createSystem());

export const follow: Follow = (url, handle) =>
  DynamicSupervisor.startChild(
    supervisor,
    SseClient.childSpec(feed, { url, handle }, { id: 'feed' }),
  );
