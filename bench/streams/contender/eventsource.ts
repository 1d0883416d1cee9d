import { EventSource } from 'eventsource';

import type { Follow } from '../follow.ts';

export const follow: Follow = (url, handle) => {
  new EventSource(url).addEventListener('message', ({ data }) => {
    handle(data as string);
  });
};
