import { createSystem, Supervisor } from '@reprise/actor';
import { SseClient } from '@reprise/sse';

import { measure } from '../client.ts';

measure((url, handle) =>
  Supervisor.startLink(createSystem(), {
    strategy: 'oneForOne',
    children: [
      SseClient.resilient({
        id: 'feed',
        url,
        handle: ({ data }) => {
          handle(data);
        },
      }),
    ],
  }),
);
