import type { ConnectFailure, Disconnect, SseClient } from '@reprise/sse';

/** One stream to follow. Two sources can have the same URL. */
export interface Source {
  /** The id of its client in the supervisor. */
  readonly id: string;
  /** As given on the command line: it can hold a password. */
  readonly url: string;
  /** The URL as it is printed, without secrets. */
  readonly name: string;
}

/** The state of a source: that of its client, or why the client has ended. */
export type SourceState =
  | Exclude<SseClient.StatusChange, { readonly type: 'connected' | 'gaveUp' | 'ended' }>
  | { readonly type: 'connected'; readonly url: string }
  | {
      readonly type: 'ended';
      /** Why the stream is complete, if not by the end of its response. */
      readonly reason?: string;
    }
  | {
      readonly type: 'gaveUp';
      readonly reason: string;
      readonly failure?: ConnectFailure | Disconnect;
    }
  /** This node has got the stream; its client comes next. */
  | { readonly type: 'owned' }
  /** Another node may have it. `wasOwned`: this node had it before. */
  | { readonly type: 'unowned'; readonly wasOwned: boolean }
  /** Nobody runs the stream for now. `retryIn`: in ms; `undefined` if it has ended. */
  | { readonly type: 'parked'; readonly reason: string; readonly retryIn: number | undefined }
  /** The command of `--exec` failed for an event. */
  | { readonly type: 'eventFailed'; readonly reason: string; readonly next: string };
