import { EventStreamContentType, fetchEventSource } from '@microsoft/fetch-event-source';

import type { State } from '../client-report.ts';
import { play } from '../client.ts';

// It was written for browsers and expects these globals; with them it runs in Node.
Object.assign(globalThis, {
  window: globalThis,
  document: { hidden: false, addEventListener: () => {}, removeEventListener: () => {} },
});

class Fatal extends Error {}

// With the callbacks of its documentation's example: without them it ends when the server closes
// the stream for the first time.
play(({ url, headers, handle, failed }) => {
  let state: State = 'connecting';
  void fetchEventSource(url, {
    headers,
    openWhenHidden: true,
    onopen: (response) => {
      assertStream(response);
      state = 'open';
      return Promise.resolve();
    },
    onmessage: () => void handle(),
    onclose: () => {
      throw new Error('closed by the server');
    },
    onerror: (error: unknown) => {
      failed(error);
      state = 'connecting';
      if (error instanceof Fatal) {
        throw error;
      }
    },
  }).catch(() => {
    state = 'closed';
  });
  return () => state;
});

function assertStream({ ok, status, headers }: Response): void {
  if (ok && headers.get('content-type') === EventStreamContentType) {
    return;
  }
  const isFatal = status >= 400 && status < 500 && status !== 429;
  throw new (isFatal ? Fatal : Error)(`status ${status}, ${headers.get('content-type')}`);
}
