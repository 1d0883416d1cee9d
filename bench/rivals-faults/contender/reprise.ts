import { Application, createSystem, Supervisor } from '@reprise/actor';
import { SseClient } from '@reprise/sse';

import type { State } from '../client-report.ts';
import { play } from '../client.ts';

play(({ url, headers, handle, failed, isOnlyWork, idleTimeout, backoff }) => {
  let state: State = 'connecting';
  const client = SseClient.resilient({
    id: 'client',
    url,
    headers,
    handle,
    ...(idleTimeout === undefined ? {} : { idleTimeout }),
    ...(backoff === undefined
      ? {}
      : {
          minDelay: backoff.first,
          maxDelay: backoff.longest,
          healthyAfter: backoff.healthyAfter,
        }),
    onStatus: (status) => {
      if ('reason' in status) {
        failed(status.reason);
      }
      state = states[status.type] ?? state;
    },
  });
  const tree = { strategy: 'oneForOne', children: [client] } as const;
  // As documented: `Application.run` is for a whole program; a system embedded in another program
  // changes nothing outside itself.
  if (isOnlyWork) {
    Application.run(tree);
  } else {
    void Supervisor.startLink(createSystem(), tree);
  }
  return () => state;
});

/** Other status changes leave the state as it is. */
const states: Readonly<Partial<Record<SseClient.StatusChange['type'], State>>> = {
  connecting: 'connecting',
  connected: 'open',
  disconnected: 'connecting',
  ended: 'closed',
  gaveUp: 'closed',
};
