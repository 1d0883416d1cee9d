import { EventSource } from 'launchdarkly-eventsource';

import { play } from '../client.ts';
import { webState } from '../web-state.ts';

play(({ url, headers, handle, failed, idleTimeout, backoff }) => {
  const source = new EventSource(url, {
    headers,
    ...(idleTimeout === undefined ? {} : { readTimeoutMillis: idleTimeout }),
    ...(backoff === undefined
      ? {}
      : {
          initialRetryDelayMillis: backoff.first,
          maxBackoffMillis: backoff.longest,
          retryResetIntervalMillis: backoff.healthyAfter,
          jitterRatio: 0.5,
        }),
  });
  source.onmessage = () => void handle();
  source.onerror = ({ status = '', message = '' }) => failed(`${status} ${message}`.trim());
  return () => webState(source.readyState);
});
