import type { SseClient, SseRequest } from '@reprise/sse';

/** How to connect: the same for every source. */
export type ClientOptions = Pick<
  SseRequest,
  'method' | 'headers' | 'body' | 'lastEventId' | 'redirectHeaders' | 'idleTimeout' | 'tls' | 'got'
> &
  Pick<SseClient.ResilientOptions, 'reconnect' | 'maxAttempts' | 'minDelay' | 'maxDelay'>;
