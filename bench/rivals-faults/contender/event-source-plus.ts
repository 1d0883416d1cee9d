import { EventSourcePlus } from 'event-source-plus';

import { play } from '../client.ts';

play(({ url, headers, handle, failed, idleTimeout }) => {
  // The heartbeat of its documentation: a timer of the user, which every message resets.
  const silence =
    idleTimeout === undefined ? undefined : setTimeout(() => controller.reconnect(), idleTimeout);
  const controller = new EventSourcePlus(url, { headers: { ...headers } }).listen({
    onMessage: () => {
      silence?.refresh();
      return handle();
    },
    onRequestError: ({ error }) => failed(error),
    onResponseError: ({ response }) => failed(response.status),
  });
  return () => (controller.didAbort ? 'closed' : 'connecting');
});
