import { EventSourcePlus } from 'event-source-plus';

import { measure } from '../client.ts';

measure((url, handle) =>
  new EventSourcePlus(url).listen({
    onMessage: ({ data }) => {
      handle(data);
    },
  }),
);
