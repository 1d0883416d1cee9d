import { createSystem, Supervisor } from '@reprise/actor';
import { connect, noreply, SseClient } from '@reprise/sse';

import { measure } from '../client.ts';

// The whole client: process, machine, mailbox, and a state that each event moves on.
measure((url, handle) => {
  const feed = SseClient.define({
    init: (_: undefined) => connect({ url }, 0),
    handleConnect: (_response, count) => noreply(count),
    handleConnectFailure: (_failure, count) => connect({ url }, count),
    handleDisconnect: (_disconnected, count) => connect({ url }, count),
    handleEvent: ({ data }, count) => {
      handle(data);
      return count + 1;
    },
  });
  return Supervisor.startLink(createSystem(), {
    strategy: 'oneForOne',
    children: [SseClient.childSpec(feed, undefined, { id: 'feed' })],
  });
});
