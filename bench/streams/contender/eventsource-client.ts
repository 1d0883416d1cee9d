import { createEventSource } from 'eventsource-client';

import type { Follow } from '../follow.ts';

export const follow: Follow = (url, handle) =>
  createEventSource({
    url,
    onMessage: ({ data }) => {
      handle(data);
    },
  });
