import { Application, createSystem, Supervisor } from '@reprise/actor';
import { SseClient } from '@reprise/sse';

import { play } from '../client.ts';
import type { State } from '../sighting.ts';

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
  // As its documentation has it: a program of its own is run, and in that of somebody else a system
  // touches nothing outside itself.
  if (isOnlyWork) {
    Application.run(tree);
  } else {
    void Supervisor.startLink(createSystem(), tree);
  }
  return () => state;
});

/** What else there is to tell changes nothing about it. */
const states: Readonly<Partial<Record<SseClient.StatusChange['type'], State>>> = {
  connecting: 'connecting',
  connected: 'open',
  disconnected: 'connecting',
  ended: 'closed',
  gaveUp: 'closed',
};
