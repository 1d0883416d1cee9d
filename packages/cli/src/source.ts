import type { SseClient } from '@reprise/sse';

/** One stream that is followed. Two may have the same URL. */
export interface Source {
  /** Names its client among the children of the supervisor. */
  readonly id: string;
  /** As the user wrote it. */
  readonly url: string;
}

/** How a source stands: what its client says, or that the client itself is gone. */
export type SourceState =
  | Exclude<SseClient.StatusChange, { readonly type: 'gaveUp' }>
  | { readonly type: 'gaveUp'; readonly reason: string };
