import type { SseClient } from '@reprise/sse';

/** One stream to follow. Two sources can have the same URL. */
export interface Source {
  /** The id of its client in the supervisor. */
  readonly id: string;
  /** As given on the command line. It may hold secrets: only `name` is printed. */
  readonly url: string;
  /** The URL without credentials. */
  readonly name: string;
}

/** The state of a source: that of its client, or why the client has ended. */
export type SourceState =
  | Exclude<SseClient.StatusChange, { readonly type: 'connected' | 'gaveUp' }>
  | { readonly type: 'connected'; readonly url: string }
  | { readonly type: 'gaveUp'; readonly reason: string };
