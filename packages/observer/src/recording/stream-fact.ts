/**
 * What a client of `@reprise/sse` tells of itself: its `SseClient.ClientFact`. Written down once
 * more, since a system without streams does not have that package.
 */
export type StreamFact =
  | { readonly type: 'connecting' | 'connected' | 'ended' }
  | { readonly type: 'disconnected'; readonly failure: string; readonly text: string }
  | { readonly type: 'waits'; readonly ms: number }
  | { readonly type: 'ignored'; readonly lastEventId: string; readonly id: string };

/** The kind of the facts and of the facet of a client. */
export const streamKind = 'sse';
