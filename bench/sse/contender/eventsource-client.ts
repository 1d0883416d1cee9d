import { createEventSource } from 'eventsource-client';

import { measure } from '../client.ts';

measure((url, handle) =>
  createEventSource({
    url,
    onMessage: ({ data }) => {
      handle(data);
    },
  }),
);
