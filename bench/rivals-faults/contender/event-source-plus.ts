import { EventSourcePlus } from 'event-source-plus';

import { play } from '../client.ts';

play(({ url, headers, handle, failed, idleTimeout }) => {
  // Its documentation's recipe for a heartbeat: a timer of the user's own, set anew by every
  // message.
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
