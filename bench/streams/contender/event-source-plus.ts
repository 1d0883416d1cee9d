import { EventSourcePlus } from 'event-source-plus';

import type { Follow } from '../follow.ts';

export const follow: Follow = (url, handle) =>
  new EventSourcePlus(url).listen({
    onMessage: ({ data }) => {
      handle(data);
    },
  });
