import { EventSource } from 'launchdarkly-eventsource';

import type { Follow } from '../follow.ts';

export const follow: Follow = (url, handle) => {
  new EventSource(url).onmessage = (event) => {
    handle((event as { readonly data: string }).data);
  };
};
