import { fetchEventSource } from '@microsoft/fetch-event-source';

import type { Follow } from '../follow.ts';

// It was written for browsers and expects these globals; with them it runs in Node.
Object.assign(globalThis, {
  window: globalThis,
  document: { hidden: false, addEventListener: () => {}, removeEventListener: () => {} },
});

export const follow: Follow = (url, handle) =>
  fetchEventSource(url, {
    openWhenHidden: true,
    onmessage: ({ data }) => {
      handle(data);
    },
  });
