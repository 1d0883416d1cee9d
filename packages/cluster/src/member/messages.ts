import type { ExitMessage, ExitReason, Pid } from '@reprise/actor';

import type { NodeEvent } from '../core/messages.ts';
import type { OwnedStream } from '../stream/owned-stream.ts';

/** What the member sends itself, and the clients of its streams send it. */
export type MemberMessage =
  /** For the core: a time that it waits for, or an answer of the store. */
  | { readonly type: 'event'; readonly event: NodeEvent }
  /** Time to save the cursors that have moved. */
  | { readonly type: 'save' }
  /** The client of a stream has started. */
  | { readonly type: 'started'; readonly stream: OwnedStream; readonly pid: Pid | undefined }
  /** The client was not started: its stream had left the list since it was claimed. */
  | { readonly type: 'unlisted'; readonly stream: OwnedStream }
  /** The client could not be started. */
  | { readonly type: 'notStarted'; readonly stream: OwnedStream; readonly error: unknown }
  /** The store has refused a write of this stream. */
  | { readonly type: 'refused'; readonly stream: OwnedStream }
  /** The client of a stream has ended. */
  | { readonly type: 'ended'; readonly stream: OwnedStream; readonly reason: ExitReason }
  | ExitMessage;
