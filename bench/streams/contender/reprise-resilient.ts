import { createSystem, DynamicSupervisor } from '@reprise/actor';
import { SseClient } from '@reprise/sse';

import type { Follow } from '../follow.ts';

const supervisor = await DynamicSupervisor.startLink(createSystem());

export const follow: Follow = (url, handle) =>
  DynamicSupervisor.startChild(
    supervisor,
    SseClient.resilient({
      id: 'feed',
      url,
      handle: ({ data }) => {
        handle(data);
      },
    }),
  );
