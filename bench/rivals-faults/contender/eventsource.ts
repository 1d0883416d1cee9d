import { EventSource } from 'eventsource';

import { play } from '../client.ts';
import { webState } from '../web-state.ts';

play(({ url, headers, handle, failed }) => {
  const source = new EventSource(url, {
    fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, ...headers } }),
  });
  source.addEventListener('message', () => void handle());
  source.addEventListener('error', ({ code, message }) => {
    if (code !== undefined || message !== undefined) {
      failed(`${code ?? ''} ${message ?? ''}`.trim());
    }
  });
  return () => webState(source.readyState);
});
