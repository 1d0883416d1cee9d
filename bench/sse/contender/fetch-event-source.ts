import { fetchEventSource } from '@microsoft/fetch-event-source';

import { measure } from '../client.ts';

// It was written for browsers, and takes these for granted; with them it runs in Node.
Object.assign(globalThis, {
  window: globalThis,
  document: { hidden: false, addEventListener: () => {}, removeEventListener: () => {} },
});

measure((url, handle) =>
  fetchEventSource(url, {
    openWhenHidden: true,
    onmessage: ({ data }) => {
      handle(data);
    },
  }),
);
